namespace Mooring.Api.Schema;

/// <summary>What the schema asks of each string in a list, or of each value in a map.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ItemAttribute : Attribute
{
    public string? Pattern { get; set; }

    public int MaxLength { get; set; }

    public string[] AllowedValues { get; set; } = [];
}
