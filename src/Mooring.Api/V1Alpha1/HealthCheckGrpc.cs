using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Api.V1Alpha1;

/// <summary>What a GRPC check asks for.</summary>
[Description("What a GRPC check asks for.")]
public sealed class HealthCheckGrpc
{
    [JsonPropertyName("service")]
    [Description("Name of the service whose health is asked for; empty asks for the server as a whole.")]
    [MaxLength(256)]
    [DefaultValue("")]
    public string Service { get; set; } = "";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
