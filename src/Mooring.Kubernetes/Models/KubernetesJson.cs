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

    public static string Serialize<T>(T value) => JsonSerializer.Serialize(value, Options);

    public static T? Deserialize<T>(string json) => JsonSerializer.Deserialize<T>(json, Options);

    /// <param name="resolver">Decides which members of the models are read and written.</param>
    internal static JsonSerializerOptions Create(IJsonTypeInfoResolver resolver, params ReadOnlySpan<JsonConverter> converters)
    {
        var options = new JsonSerializerOptions
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            MaxDepth = MaxDepth,
            // Never embedded in HTML; escaping every '+' and '<' only makes manifests unreadable.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            RespectNullableAnnotations = false,
            // A page of a list is read in few pieces: each costs a search for where it was left off.
            DefaultBufferSize = 128 << 10,
            TypeInfoResolver = resolver,
        };
        options.Converters.Add(new TimeConverter());
        foreach (var converter in converters)
        {
            options.Converters.Add(converter);
        }

        options.MakeReadOnly();
        return options;
    }
}
