using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Protobuf;

/// <summary>Turns protobuf messages of built-in types into the JSON that the same object has.</summary>
internal static class MessageReader
{
    private const int MaxDepth = 64;

    public static JsonObject Read(ReadOnlySpan<byte> message, ObjectSchema schema, int depth = 0)
    {
        if (depth > MaxDepth)
        {
            throw WireReader.Malformed();
        }

        var value = new JsonObject();
        var reader = new WireReader(message);
        while (reader.Read())
        {
            if (!schema.FieldNumbers.TryGetValue(reader.Number, out var field))
            {
                throw ApiError.NotImplemented($"protobuf field {reader.Number} of {schema.TypeName} (send JSON)");
            }

            ReadField(value, field.Name, field.Pointer, schema, ref reader, depth);
        }

        return value;
    }

    private static void ReadField(JsonObject value, string name, bool pointer, ObjectSchema owner, ref WireReader reader, int depth)
    {
        var schema = owner.Properties[name];
        if (schema.Type == SchemaType.Array)
        {
            if (value[name] is not JsonArray list)
            {
                value[name] = list = [];
            }

            list.Add(ReadValue(owner, name, schema.Items!, ref reader, depth));
        }
        else if (schema.AdditionalProperties is not null)
        {
            ReadEntry(value.Ensure(name), owner, name, schema.AdditionalProperties, reader.Bytes, depth);
        }
        else
        {
            var read = ReadValue(owner, name, schema, ref reader, depth);
            if (read is not null && (pointer || !IsZero(read)))
            {
                value[name] = read;
            }
        }
    }

    /// <summary>A map is a list of entries: 1 key, 2 value.</summary>
    private static void ReadEntry(JsonObject map, ObjectSchema owner, string name, ObjectSchema schema, ReadOnlySpan<byte> entry, int depth)
    {
        var key = "";
        JsonNode? value = null;
        var reader = new WireReader(entry);
        while (reader.Read())
        {
            if (reader.Number == 1)
            {
                key = Text(reader.Bytes);
            }
            else if (reader.Number == 2)
            {
                value = ReadValue(owner, name, schema, ref reader, depth);
            }
        }

        map[key] = value ?? JsonValue.Create("");
    }

    private static JsonNode? ReadValue(ObjectSchema owner, string name, ObjectSchema schema, ref WireReader reader, int depth)
    {
        switch (schema.Type)
        {
            case SchemaType.String when schema.Format == "date-time":
                return ReadTime(reader.Bytes, micro: name is "acquireTime" or "renewTime" or "eventTime" or "lastObservedTime");
            case SchemaType.String when schema.Format == "byte":
                return Convert.ToBase64String(reader.Bytes);
            case SchemaType.String:
                return Text(reader.Bytes);
            case SchemaType.Integer:
                return (long)reader.Value;
            case SchemaType.Boolean:
                return reader.Value != 0;
            case SchemaType.IntOrString when schema.Format == "quantity":
                return ReadQuantity(reader.Bytes);
            case SchemaType.IntOrString:
                return ReadIntOrString(reader.Bytes);
            case SchemaType.Object when schema.FieldNumbers.Count > 0 || schema.TypeName is not null:
                return Read(reader.Bytes, schema, depth + 1);
            case SchemaType.Any when name == "fieldsV1":
                return ReadFieldsV1(reader.Bytes);
            default:
                // Empty is the same in any type; what is in there we cannot read, and say so.
                return reader.Bytes.IsEmpty ? new JsonObject() : throw ApiError.NotImplemented($"protobuf field {name} of {owner.TypeName} (send JSON)");
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw WireReader.Malformed();
        }
    }

    private static JsonValue? ReadTime(ReadOnlySpan<byte> message, bool micro)
    {
        long seconds = 0, nanos = 0;
        var any = false;
        var reader = new WireReader(message);
        while (reader.Read())
        {
            any = true;
            (seconds, nanos) = reader.Number == 1 ? ((long)reader.Value, nanos) : (seconds, (long)reader.Value);
        }

        // An absent time is an empty message; Go's zero time is the year 1.
        if (!any || seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() + 1 || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return null;
        }

        var time = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return JsonValue.Create(micro
            ? time.AddTicks(nanos / 100).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)
            : KubeTime.Format(time));
    }

    private static JsonNode? ReadQuantity(ReadOnlySpan<byte> message)
    {
        var reader = new WireReader(message);
        return reader.Read() && reader.Number == 1 ? Text(reader.Bytes) : null;
    }

    private static JsonNode? ReadIntOrString(ReadOnlySpan<byte> message)
    {
        long type = 0, number = 0;
        var text = "";
        var reader = new WireReader(message);
        while (reader.Read())
        {
            switch (reader.Number)
            {
                case 1:
                    type = (long)reader.Value;
                    break;
                case 2:
                    number = (long)reader.Value;
                    break;
                default:
                    text = Text(reader.Bytes);
                    break;
            }
        }

        return type == 0 ? number : text;
    }

    private static JsonNode? ReadFieldsV1(ReadOnlySpan<byte> message)
    {
        var reader = new WireReader(message);
        try
        {
            return reader.Read() && reader.Number == 1 ? JsonBody.Parse(reader.Bytes) : null;
        }
        catch (JsonException)
        {
            throw WireReader.Malformed();
        }
    }

    private static bool IsZero(JsonNode value) => value switch
    {
        JsonObject map => map.Count == 0,
        JsonArray list => list.Count == 0,
        JsonValue scalar when scalar.TryGetValue(out string? text) => text.Length == 0,
        JsonValue scalar when scalar.TryGetValue(out bool flag) => !flag,
        _ => value.AsLong() == 0,
    };
}
