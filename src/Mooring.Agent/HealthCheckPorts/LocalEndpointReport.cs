using System.Text.Json.Serialization;

namespace Mooring.Agent.HealthCheckPorts;

/// <summary>What a node says of a Service, in the words of kube-proxy (pkg/proxy/healthcheck/service_health.go).</summary>
internal sealed record LocalEndpointReport(
    [property: JsonPropertyName("service")] LocalEndpointReport.ServiceName Service,
    [property: JsonPropertyName("localEndpoints")] int LocalEndpoints,
    [property: JsonPropertyName("serviceProxyHealthy")] bool ServiceProxyHealthy)
{
    /// <summary>Connections should come here.</summary>
    [JsonIgnore]
    public bool Serves => ServiceProxyHealthy && LocalEndpoints > 0;

    internal sealed record ServiceName(
        [property: JsonPropertyName("namespace")] string Namespace, [property: JsonPropertyName("name")] string Name);
}
