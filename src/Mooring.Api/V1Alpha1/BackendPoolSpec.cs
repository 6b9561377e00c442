using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>What a BackendPool should be.</summary>
[ValidationRule(1,
    "[has(self.selector), has(self.serviceRef), has(self.endpoints)].filter(x, x).size() == 1",
    "set exactly one of selector, serviceRef and endpoints")]
[Description("What a BackendPool should be.")]
public sealed class BackendPoolSpec
{
    [JsonPropertyName("selector")]
    [Description(
        "Labels of the pods in the same namespace that are endpoints. Set exactly one of selector, serviceRef "
        + "and endpoints.")]
    [MinLength(1)]
    [MaxLength(32)]
    [Item(MaxLength = 63)]
    public IDictionary<string, string>? Selector { get; set; }

    [JsonPropertyName("serviceRef")]
    [Description("A Service in the same namespace whose endpoints are taken.")]
    public ServiceReference? ServiceRef { get; set; }

    [JsonPropertyName("endpoints")]
    [Description("Fixed endpoints, inside or outside the cluster.")]
    [MinLength(1)]
    [MaxLength(1000)]
    public IList<StaticEndpoint>? Endpoints { get; set; }

    [JsonPropertyName("algorithm")]
    [Description(
        "How a new connection is given to an endpoint. Maglev: by a hash of client address and port, few move when the endpoints "
        + "change. SourceIpHash: by a hash of the client's address alone. RoundRobin: in turn, WeightedRoundRobin: in turn by "
        + "weight, both on the holder, in Nat mode. LeastConnections and LeastResponseTime: as Maglev, with weights that follow "
        + "the number of connections, or the time that health checks take (without healthCheck it is Maglev).")]
    [AllowedValues("RoundRobin", "WeightedRoundRobin", "LeastConnections", "SourceIpHash", "Maglev", "LeastResponseTime")]
    [DefaultValue("Maglev")]
    public string Algorithm { get; set; } = "Maglev";

    [JsonPropertyName("sessionAffinity")]
    [Description("Whether a client stays with its endpoint.")]
    public SessionAffinity? SessionAffinity { get; set; }

    [JsonPropertyName("healthCheck")]
    [Description("How the endpoints are probed by the agents. Without it readiness is what Kubernetes says.")]
    public HealthCheck? HealthCheck { get; set; }

    [JsonPropertyName("minHealthyPercent")]
    [Description(
        "When less than this share of the endpoints is healthy, checks are not believed and all that Kubernetes calls ready "
        + "get new connections. 0 always believes them: without a healthy endpoint connections are refused.")]
    [Range(0, 100)]
    [DefaultValue(0)]
    public int MinHealthyPercent { get; set; }

    [JsonPropertyName("slowStart")]
    [Description(
        "For how long an endpoint that has become ready gets less than its share of new connections: a tenth of its weight at "
        + "first, a tenth more at each ninth of the time, from 1s to 1h. Absent gives it its share at once. It has no effect with "
        + "sessionAffinity and with the algorithms SourceIpHash, where clients would move, and RoundRobin, which knows no weights.")]
    [RegularExpression(SchemaPatterns.Duration)]
    public string? SlowStart { get; set; }

    [JsonPropertyName("withoutEndpoints")]
    [Description(
        "What new connections meet while no endpoint takes any: Refuse answers at once that there is nobody, Hold does not "
        + "answer, so that clients try again until one does.")]
    [AllowedValues("Refuse", "Hold")]
    [DefaultValue("Refuse")]
    public string WithoutEndpoints { get; set; } = "Refuse";

    [JsonPropertyName("drainTimeout")]
    [Description(
        "How long established connections to an endpoint that drains are left alone before they are cut: a pod that terminates or "
        + "is drained by annotation, an endpoint of weight 0, or one that left the pool alive. 0s cuts them at once.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("30s")]
    public string DrainTimeout { get; set; } = "30s";

    [JsonPropertyName("onMarkedDown")]
    [Description(
        "What happens to established TCP connections when an endpoint fails its health check or is not ready: KeepSessions leaves "
        + "them alone, ShutdownSessions cuts them at once. UDP goes to another endpoint either way.")]
    [AllowedValues("KeepSessions", "ShutdownSessions")]
    [DefaultValue("KeepSessions")]
    public string OnMarkedDown { get; set; } = "KeepSessions";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
