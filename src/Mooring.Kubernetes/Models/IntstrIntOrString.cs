using System.Globalization;
using System.Text.Json.Serialization;

namespace k8s.Models;

/// <summary>A port by number or by name, or a count by number or percentage: JSON number or string, kept as sent.</summary>
[JsonConverter(typeof(IntOrStringJsonConverter))]
public sealed class IntstrIntOrString : IEquatable<IntstrIntOrString>
{
    public IntstrIntOrString(int value)
    {
        IntValue = value;
        Value = value.ToString(CultureInfo.InvariantCulture);
    }

    public IntstrIntOrString(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Value = value;
    }

    /// <summary>The text, or the number as text.</summary>
    public string Value { get; }

    /// <summary>The number; null when this is a string, even one of digits.</summary>
    public int? IntValue { get; }

    public static implicit operator IntstrIntOrString(int value) => new(value);

    public static implicit operator IntstrIntOrString(string value) => new(value);

    public bool Equals(IntstrIntOrString? other) =>
        other is not null && IntValue == other.IntValue && Value == other.Value;

    public override bool Equals(object? obj) => Equals(obj as IntstrIntOrString);

    public override int GetHashCode() => HashCode.Combine(IntValue, Value);

    public override string ToString() => Value;
}
