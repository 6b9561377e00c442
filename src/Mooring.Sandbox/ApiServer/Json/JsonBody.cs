using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Json;

/// <summary>
/// Reads JSON text into nodes as the API server's decoder does: of duplicated fields the last one wins and the paths
/// of the duplicates are reported, because strict field validation names them.
/// </summary>
internal static class JsonBody
{
    /// <summary>Deep enough for any schema in use, far from what would exhaust the stack.</summary>
    public const int MaxDepth = 256;

    public static JsonNode? Parse(ReadOnlySpan<byte> text, List<string>? duplicates = null)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
        if (!reader.Read())
        {
            throw new JsonException("the body is empty");
        }

        var node = ReadValue(ref reader, "", duplicates);
        if (reader.Read())
        {
            throw new JsonException("there is text after the value");
        }

        return node;
    }

    private static JsonNode? ReadValue(ref Utf8JsonReader reader, string path, List<string>? duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, path, duplicates);
            case JsonTokenType.StartArray:
                var array = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    array.Add(ReadValue(ref reader, duplicates is null ? "" : $"{path}[{array.Count}]", duplicates));
                }

                return array;
            case JsonTokenType.String:
                return JsonValue.Create(ReadText(ref reader));
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            case JsonTokenType.Number:
                if (reader.TryGetInt64(out var whole))
                {
                    return JsonValue.Create(whole);
                }

                using (var number = JsonDocument.ParseValue(ref reader))
                {
                    return JsonValue.Create(number.RootElement.Clone());
                }

            default:
                return null;
        }
    }

    private static JsonObject ReadObject(ref Utf8JsonReader reader, string path, List<string>? duplicates)
    {
        var result = new JsonObject();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = ReadText(ref reader);
            reader.Read();
            var child = duplicates is null ? "" : path.Length == 0 ? name : $"{path}.{name}";
            var value = ReadValue(ref reader, child, duplicates);
            if (!result.TryAdd(name, value))
            {
                duplicates?.Add(child);
                result[name] = value;
            }
        }

        return result;
    }

    /// <summary>Text that is not valid UTF-8 or holds a lone surrogate is a malformed body, not a fault of ours.</summary>
    private static string ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a string is not valid Unicode", e);
        }
    }

    public static byte[] ToBytes(JsonNode node)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions))
        {
            node.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static string ToText(JsonNode node) => Encoding.UTF8.GetString(ToBytes(node));
}
