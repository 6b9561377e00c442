namespace Mooring.Api.Schema;

/// <summary>The items of the list are told apart by these fields; two items with the same values are refused.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListMapKeyAttribute(params string[] fields) : Attribute
{
    public IReadOnlyList<string> Fields { get; } = fields;
}
