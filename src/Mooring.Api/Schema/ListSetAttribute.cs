namespace Mooring.Api.Schema;

/// <summary>The items of the list are values that may each occur once.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListSetAttribute : Attribute;
