using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>Cluster addresses (10.96.0.0/16), node ports (30000-32767) and the other things a service is given.</summary>
internal sealed class ServiceRules : IKindRules
{
    private readonly ServiceAllocations _allocations;
    private readonly HealthCheckNodePortRule _health;

    public ServiceRules(Func<ResourceSnapshot> services)
    {
        _allocations = new ServiceAllocations(services);
        _health = new HealthCheckNodePortRule(_allocations);
    }

    public void Prepare(JsonObject next, JsonObject? current)
    {
        if (current is null)
        {
            next["status"] ??= new JsonObject();
            next.Ensure("status").Ensure("loadBalancer");
        }

        if (next.Obj("spec") is not { } spec)
        {
            return;
        }

        var kind = spec.Str("type") ?? "ClusterIP";
        KeepAllocated(spec, current.Obj("spec"), kind);
        foreach (var port in (spec.Arr("ports") ?? []).OfType<JsonObject>())
        {
            port["targetPort"] ??= port["port"]?.DeepClone();
        }

        if (kind == "ExternalName")
        {
            return;
        }

        if (string.IsNullOrEmpty(spec.Str("clusterIP")))
        {
            spec["clusterIP"] = _allocations.FreeAddress();
        }

        ServiceFamilies.Prepare(spec);
        spec["internalTrafficPolicy"] ??= "Cluster";
        if (kind is "NodePort" or "LoadBalancer")
        {
            spec["externalTrafficPolicy"] ??= "Cluster";
            AllocateNodePorts(spec, kind);
        }

        _health.Prepare(spec, current.Obj("spec"));
        if (kind == "LoadBalancer")
        {
            spec["allocateLoadBalancerNodePorts"] ??= true;
        }

        if (spec.Str("sessionAffinity") == "ClientIP")
        {
            spec["sessionAffinityConfig"] ??= new JsonObject { ["clientIP"] = new JsonObject { ["timeoutSeconds"] = 10800 } };
        }
    }

    public void Validate(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        var spec = next.Obj("spec");
        var kind = spec.Str("type");
        var ports = spec.Arr("ports") ?? [];
        if (kind == "ExternalName")
        {
            if (string.IsNullOrEmpty(spec.Str("externalName")))
            {
                errors.Add(FieldError.Required("spec.externalName"));
            }

            return;
        }

        if (ports.Count == 0 && spec.Str("clusterIP") != "None")
        {
            errors.Add(FieldError.Required("spec.ports"));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count; i++)
        {
            var name = ports[i].Str("name") ?? "";
            if (name.Length == 0 && ports.Count > 1)
            {
                errors.Add(FieldError.Required($"spec.ports[{i}].name"));
            }
            else if (name.Length > 0 && !names.Add(name))
            {
                errors.Add(FieldError.Duplicate($"spec.ports[{i}].name", JsonValue.Create(name)));
            }

            if (!numbers.Add($"{ports[i].Str("protocol")}/{ports[i].Int("port")}"))
            {
                errors.Add(FieldError.Duplicate($"spec.ports[{i}]", ports[i]));
            }
        }

        CheckAllocations(next, current, errors);
        if (current is not null && current.Obj("spec").Str("clusterIP") is { Length: > 0 } address
            && current.Obj("spec").Str("type") != "ExternalName" && spec.Str("clusterIP") != address)
        {
            errors.Add(FieldError.Invalid("spec.clusterIPs[0]", JsonValue.Create(spec.Str("clusterIP")), "may not change once set"));
        }

        if (current is not null && spec.Str("loadBalancerClass") != current.Obj("spec").Str("loadBalancerClass")
            && current.Obj("spec").Str("type") == "LoadBalancer" && kind == "LoadBalancer")
        {
            errors.Add(FieldError.Invalid("spec.loadBalancerClass", spec?["loadBalancerClass"], "may not change once set"));
        }
    }

    /// <summary>An address or node port that was asked for must be in its range and not another service's.</summary>
    private void CheckAllocations(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        var (addresses, used) = _allocations.Of(next.Obj("metadata").Str("uid"));
        var address = next.Obj("spec").Str("clusterIP") ?? "";
        if (address is not ("" or "None") && address != current.Obj("spec").Str("clusterIP"))
        {
            var fault = !address.StartsWith("10.96.", StringComparison.Ordinal) ? "the provided IP is not in the valid range"
                : addresses.Contains(address) ? "provided IP is already allocated" : null;
            if (fault is not null)
            {
                errors.Add(FieldError.Invalid("spec.clusterIPs", new JsonArray(address), $"failed to allocate IP {address}: {fault}"));
            }
        }

        _health.Validate(next.Ensure("spec"), current.Obj("spec"), used, errors);
        var ports = next.Obj("spec").Arr("ports") ?? [];
        for (var i = 0; i < ports.Count; i++)
        {
            if (ports[i].Int("nodePort") is { } port && (port is < ServiceAllocations.FirstNodePort or > ServiceAllocations.LastNodePort || used.Contains(port)))
            {
                errors.Add(FieldError.Invalid(
                    $"spec.ports[{i}].nodePort", JsonValue.Create(port),
                    used.Contains(port) ? "provided port is already allocated" : $"provided port is not in the valid range. The range of valid ports is {ServiceAllocations.FirstNodePort}-{ServiceAllocations.LastNodePort}"));
            }
        }
    }

    /// <summary>An update that leaves out what was allocated keeps it, as long as the type still has it.</summary>
    private static void KeepAllocated(JsonObject spec, JsonObject? before, string kind)
    {
        if (before is null)
        {
            return;
        }

        if (kind == "ExternalName")
        {
            spec.Remove("clusterIP");
            spec.Remove("clusterIPs");
            return;
        }

        foreach (var field in (string[])["clusterIP", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"])
        {
            if (!spec.ContainsKey(field) && before[field] is { } value)
            {
                spec[field] = value.DeepClone();
            }
        }

        var old = (before.Arr("ports") ?? []).OfType<JsonObject>().ToList();
        foreach (var port in (spec.Arr("ports") ?? []).OfType<JsonObject>())
        {
            if (kind is "ClusterIP")
            {
                port.Remove("nodePort");
            }
            else if (port["nodePort"] is null
                && old.Find(o => o.Int("port") == port.Int("port") && o.Str("protocol") == port.Str("protocol"))?["nodePort"] is { } kept)
            {
                port["nodePort"] = kept.DeepClone();
            }
        }
    }

    private void AllocateNodePorts(JsonObject spec, string kind)
    {
        if (kind == "LoadBalancer" && spec.Bool("allocateLoadBalancerNodePorts") == false)
        {
            return;
        }

        var ports = (spec.Arr("ports") ?? []).OfType<JsonObject>().ToList();
        if (ports.TrueForAll(port => port["nodePort"] is not null))
        {
            return;
        }

        using var free = _allocations.FreePorts(ports.Select(port => port.Int("nodePort")).OfType<long>()).GetEnumerator();
        foreach (var port in ports)
        {
            if (port["nodePort"] is null)
            {
                free.MoveNext();
                port["nodePort"] = free.Current;
            }
        }
    }
}
