using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace k8s.Models;

/// <summary>Passes over <c>metadata.managedFields</c> instead of keeping them as unknown fields.</summary>
internal static class ManagedFields
{
    public static void Skip(JsonTypeInfo type)
    {
        if (type.Type != typeof(V1ObjectMeta))
        {
            return;
        }

        var property = type.CreateJsonPropertyInfo(typeof(object), "managedFields");
        property.CustomConverter = new Passing();
        property.Set = static (_, _) => { };
        type.Properties.Add(property);
    }

    private sealed class Passing : JsonConverter<object>
    {
        public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            // The serializer has the whole value at hand by now, if not the rest of the answer: Skip would insist on that.
            return reader.TrySkip() ? null : throw new JsonException("managedFields are cut");
        }

        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options) =>
            throw new NotSupportedException("only for reading");
    }
}
