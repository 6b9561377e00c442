namespace Mooring.Api.Schema;

/// <summary>What a resource may also be called on the command line, and the categories it is listed under.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ShortNamesAttribute(params string[] names) : Attribute
{
    public IReadOnlyList<string> Names { get; } = names;

    public string[] Categories { get; set; } = [];
}
