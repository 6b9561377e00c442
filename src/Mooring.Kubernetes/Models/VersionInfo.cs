using System.Text.Json.Serialization;

namespace k8s.Models;

/// <summary>The answer of <c>/version</c>.</summary>
public sealed class VersionInfo
{
    [JsonPropertyName("major")]
    public string? Major { get; set; }

    [JsonPropertyName("minor")]
    public string? Minor { get; set; }

    [JsonPropertyName("gitVersion")]
    public string? GitVersion { get; set; }
}
