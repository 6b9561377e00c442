using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>
/// A Service of type LoadBalancer with externalTrafficPolicy Local has a health check port of the range of node ports, for as long as
/// it is so.
/// </summary>
internal sealed class HealthCheckNodePortRule(ServiceAllocations allocations)
{
    private const string Field = "healthCheckNodePort";

    public void Prepare(JsonObject spec, JsonObject? before)
    {
        if (Needs(spec))
        {
            spec[Field] ??= Needs(before) ? before![Field]?.DeepClone() : null;
            if (spec.Int(Field) is null or 0)
            {
                var asked = (spec.Arr("ports") ?? []).Select(port => port.Int("nodePort")).OfType<long>();
                spec[Field] = allocations.FreePorts(asked).First();
            }
        }
        else if (spec.Int(Field) is null or 0 || spec.Int(Field) == before.Int(Field))
        {
            // What the Service had before goes by itself; asking for one is a mistake.
            spec.Remove(Field);
        }
    }

    public void Validate(JsonObject spec, JsonObject? before, HashSet<long> used, List<FieldError> errors)
    {
        if (spec.Int(Field) is not { } port)
        {
            return;
        }

        var fault = !Needs(spec) ? "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
            : Needs(before) && before.Int(Field) != port ? "field is immutable"
            : port is < ServiceAllocations.FirstNodePort or > ServiceAllocations.LastNodePort
                ? "provided port is not in the valid range"
            : used.Contains(port) ? "provided port is already allocated"
            : null;
        if (fault is not null)
        {
            errors.Add(FieldError.Invalid($"spec.{Field}", JsonValue.Create(port), fault));
        }
    }

    private static bool Needs(JsonObject? spec) =>
        spec.Str("type") == "LoadBalancer" && spec.Str("externalTrafficPolicy") == "Local";
}
