using System.Text.Json.Serialization;

namespace k8s.Models;

/// <summary>One field that the server refused, or one manager it conflicts with.</summary>
public sealed class V1StatusCause
{
    [JsonPropertyName("reason")]
    public string? Reason { get; set; }

    [JsonPropertyName("message")]
    public string? Message { get; set; }

    [JsonPropertyName("field")]
    public string? Field { get; set; }
}
