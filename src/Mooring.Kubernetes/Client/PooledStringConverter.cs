using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Kubernetes.Client;

/// <summary>
/// Reads equal short strings as one object: what a cluster's objects say of node, namespace, kind and labels is the same
/// few words over and over. The pool forgets at random, so that it stays as large as it is.
/// </summary>
internal sealed class PooledStringConverter : JsonConverter<string>
{
    private const int MaxLength = 64;
    private const int Slots = 1 << 13;

    private readonly string?[] _pool = new string?[Slots];

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch
        {
            JsonTokenType.Null => null,
            JsonTokenType.String => Take(ref reader),
            _ => throw new JsonException($"expected a string, not {reader.TokenType}"),
        };

    public override string ReadAsPropertyName(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Take(ref reader);

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value);

    private string Take(ref Utf8JsonReader reader)
    {
        if (reader.HasValueSequence || reader.ValueSpan.Length > MaxLength)
        {
            return reader.GetString()!;
        }

        Span<char> buffer = stackalloc char[MaxLength];
        ReadOnlySpan<char> text = buffer[..reader.CopyString(buffer)];

        // References are read and written whole: two threads at once at worst make a string twice.
        ref var slot = ref _pool[string.GetHashCode(text, StringComparison.Ordinal) & (Slots - 1)];
        var held = slot;
        return held is not null && text.SequenceEqual(held) ? held : slot = text.ToString();
    }
}
