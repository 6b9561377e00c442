using System.Text.Json;
using k8s;

namespace Mooring.Kubernetes.Client;

/// <summary>A request as data, so that it can be sent again.</summary>
/// <param name="Verb">Kubernetes' verb: "list" and "watch" are both GET.</param>
internal sealed record ApiRequest(HttpMethod Method, string Verb, string Path)
{
    private readonly List<string> _query = [];

    public byte[]? Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    /// <summary>Largest answer to read; null for what answers may have in general.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>How to read the answer.</summary>
    public JsonSerializerOptions Json { get; init; } = KubernetesJson.Options;

    /// <summary>Sending it twice does no more than sending it once, whatever became of the first.</summary>
    public bool IsSafe => Method == HttpMethod.Get;

    public string Target => _query.Count == 0 ? Path : $"{Path}?{string.Join('&', _query)}";

    public ApiRequest With(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _query.Add($"{name}={Uri.EscapeDataString(value)}");
        }

        return this;
    }

    public override string ToString() => $"{Method} /{Target}";
}
