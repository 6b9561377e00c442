using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Api.V1Alpha1;

/// <summary>State of an endpoint.</summary>
[Description("State of an endpoint.")]
public sealed class EndpointStatus
{
    [JsonPropertyName("address")]
    [Description("IP address.")]
    [Required]
    public string Address { get; set; } = "";

    [JsonPropertyName("port")]
    [Description("Port.")]
    [Required]
    public int Port { get; set; }

    [JsonPropertyName("target")]
    [Description("What the endpoint is: pod/web-1.")]
    public string? Target { get; set; }

    [JsonPropertyName("node")]
    [Description("Node of the pod.")]
    public string? Node { get; set; }

    [JsonPropertyName("state")]
    [Description("Ready, Unhealthy, NotReady or Draining.")]
    [Required]
    public string State { get; set; } = "";

    [JsonPropertyName("since")]
    [Description("Since when it is in that state.")]
    public DateTime? Since { get; set; }

    [JsonPropertyName("reason")]
    [Description("Why it is in that state.")]
    public string? Reason { get; set; }

    [JsonPropertyName("warning")]
    [Description("What to look at although its check passes, such as a certificate that is about to expire.")]
    public string? Warning { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
