using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using k8s.Models;

namespace k8s;

/// <summary>JSON as the API server reads and writes it: nulls left out, times in UTC, names by attribute.</summary>
public static class KubernetesJson
{
    /// <summary>No object of Kubernetes comes near; a hostile one must not exhaust the stack.</summary>
    public const int MaxDepth = 128;

    public static JsonSerializerOptions Options { get; } = Create(new DefaultJsonTypeInfoResolver());

    /// <summary>Reads objects without their field owners.</summary>
    private static JsonSerializerOptions Lean { get; } = Create(
        new DefaultJsonTypeInfoResolver { Modifiers = { ManagedFields.Skip } });

    internal static JsonSerializerOptions For(bool omitManagedFields) => omitManagedFields ? Lean : Options;

    public static string Serialize<T>(T value) => JsonSerializer.Serialize(value, Options);

    public static T? Deserialize<T>(string json) => JsonSerializer.Deserialize<T>(json, Options);

    private static JsonSerializerOptions Create(IJsonTypeInfoResolver resolver)
    {
        var options = new JsonSerializerOptions
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            MaxDepth = MaxDepth,
            // Never embedded in HTML; escaping every '+' and '<' only makes manifests unreadable.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            RespectNullableAnnotations = false,
            TypeInfoResolver = resolver,
        };
        options.Converters.Add(new TimeConverter());
        options.MakeReadOnly();
        return options;
    }
}
