using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

internal sealed class IntOrStringJsonConverter : JsonConverter<IntstrIntOrString>
{
    public override IntstrIntOrString Read(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.String => new IntstrIntOrString(reader.GetString()!),
            JsonTokenType.Number when reader.TryGetInt32(out var number) => new IntstrIntOrString(number),
            _ => throw new JsonException("expected an integer of 32 bits or a string"),
        };

    public override void Write(Utf8JsonWriter writer, IntstrIntOrString value, JsonSerializerOptions options)
    {
        if (value.IntValue is { } number)
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(value.Value);
        }
    }
}
