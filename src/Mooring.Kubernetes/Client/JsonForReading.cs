using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Client;

/// <summary>How to read objects when not all of them is to be kept.</summary>
internal static class JsonForReading
{
    private static readonly JsonSerializerOptions WithoutManagedFields = KubernetesJson.Create(
        new DefaultJsonTypeInfoResolver { Modifiers = { SkipManagedFields } }, new PooledStringConverter());

    private static readonly JsonSerializerOptions Modelled = KubernetesJson.Create(
        new DefaultJsonTypeInfoResolver { Modifiers = { SkipUnknown } }, new PooledStringConverter());

    public static JsonSerializerOptions Of(ObjectFields fields) => fields switch
    {
        ObjectFields.All => KubernetesJson.Options,
        ObjectFields.WithoutManagedFields => WithoutManagedFields,
        ObjectFields.Modelled => Modelled,
        _ => throw new ArgumentOutOfRangeException(nameof(fields), fields, "not a selection of fields"),
    };

    private static void SkipManagedFields(JsonTypeInfo type)
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

    private static void SkipUnknown(JsonTypeInfo type)
    {
        if (type.Kind == JsonTypeInfoKind.Object && type.Properties.FirstOrDefault(p => p.IsExtensionData) is { } unknown)
        {
            type.Properties.Remove(unknown);
        }
    }

    private sealed class Passing : JsonConverter<object>
    {
        public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            // The serializer has the whole value at hand by now, if not the rest of the answer: Skip would insist on that.
            reader.TrySkip() ? null : throw new JsonException("managedFields are cut");

        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options) =>
            throw new NotSupportedException("only for reading");
    }
}
