using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Selectors;

namespace Mooring.Sandbox.KubeApi.Tables;

/// <summary>The columns that kubectl users know from the built-in kinds, after the name.</summary>
internal static class BuiltinTables
{
    private const string None = "<none>";

    /// <summary>A function from the age column, which stands in the middle of some tables, to the columns.</summary>
    public static Func<TableColumn, IReadOnlyList<TableColumn>>? For(string resource) => resource switch
    {
        "namespaces" => age => [TableColumn.Text("Status", o => o.Obj("status").Str("phase")), age],
        "nodes" => age =>
        [
            TableColumn.Text("Status", NodeStatus),
            TableColumn.Text("Roles", NodeRoles),
            age,
            TableColumn.Text("Version", o => o.Obj("status").Obj("nodeInfo").Str("kubeletVersion")),
            TableColumn.Text("Internal-IP", o => NodeAddress(o, "InternalIP"), priority: 1),
            TableColumn.Text("External-IP", o => NodeAddress(o, "ExternalIP"), priority: 1),
            TableColumn.Text("OS-Image", o => o.Obj("status").Obj("nodeInfo").Str("osImage") ?? "<unknown>", priority: 1),
            TableColumn.Text("Kernel-Version", o => o.Obj("status").Obj("nodeInfo").Str("kernelVersion") ?? "<unknown>", priority: 1),
        ],
        "pods" => age =>
        [
            TableColumn.Text("Ready", o => $"{Containers(o).Count(c => c.Bool("ready") == true)}/{o.Obj("spec").Arr("containers")?.Count ?? 0}"),
            TableColumn.Text("Status", PodStatus),
            TableColumn.Text("Restarts", o => Containers(o).Sum(c => c.Int("restartCount") ?? 0).ToString()),
            age,
            TableColumn.Text("IP", o => o.Obj("status").Str("podIP") ?? None, priority: 1),
            TableColumn.Text("Node", o => o.Obj("spec").Str("nodeName") ?? None, priority: 1),
            TableColumn.Text("Nominated Node", o => o.Obj("status").Str("nominatedNodeName") ?? None, priority: 1),
            TableColumn.Text("Readiness Gates", _ => None, priority: 1),
        ],
        "services" => age =>
        [
            TableColumn.Text("Type", o => o.Obj("spec").Str("type")),
            TableColumn.Text("Cluster-IP", o => o.Obj("spec").Str("clusterIP") ?? None),
            TableColumn.Text("External-IP", ExternalIp),
            TableColumn.Text("Port(s)", Ports),
            age,
            TableColumn.Text("Selector", o => Pairs(o.Obj("spec").Obj("selector")), priority: 1),
        ],
        "endpoints" => age => [TableColumn.Text("Endpoints", EndpointsText), age],
        "endpointslices.discovery.k8s.io" => age =>
        [
            TableColumn.Text("AddressType", o => o.Str("addressType")),
            TableColumn.Text("Ports", o => Limited(o.Arr("ports"), p => p.Int("port")?.ToString() ?? "*")),
            TableColumn.Text("Endpoints", o => Limited(o.Arr("endpoints"), e => e.Arr("addresses")?.FirstOrDefault().AsString())),
            age,
        ],
        "configmaps" => age => [Number("Data", o => (o.Obj("data")?.Count ?? 0) + (o.Obj("binaryData")?.Count ?? 0)), age],
        "secrets" => age => [TableColumn.Text("Type", o => o.Str("type")), Number("Data", o => o.Obj("data")?.Count ?? 0), age],
        "serviceaccounts" => age => [Number("Secrets", o => o.Arr("secrets")?.Count ?? 0), age],
        "leases.coordination.k8s.io" => age => [TableColumn.Text("Holder", o => o.Obj("spec").Str("holderIdentity")), age],
        "deployments.apps" => age =>
        [
            TableColumn.Text("Ready", o => $"{o.Obj("status").Int("readyReplicas") ?? 0}/{o.Obj("spec").Int("replicas") ?? 0}"),
            Number("Up-to-date", o => o.Obj("status").Int("updatedReplicas") ?? 0),
            Number("Available", o => o.Obj("status").Int("availableReplicas") ?? 0),
            age,
            .. Template(),
        ],
        "daemonsets.apps" => age =>
        [
            Number("Desired", o => o.Obj("status").Int("desiredNumberScheduled") ?? 0),
            Number("Current", o => o.Obj("status").Int("currentNumberScheduled") ?? 0),
            Number("Ready", o => o.Obj("status").Int("numberReady") ?? 0),
            Number("Up-to-date", o => o.Obj("status").Int("updatedNumberScheduled") ?? 0),
            Number("Available", o => o.Obj("status").Int("numberAvailable") ?? 0),
            TableColumn.Text("Node Selector", o => Pairs(o.Obj("spec").Obj("template").Obj("spec").Obj("nodeSelector"))),
            age,
            .. Template(),
        ],
        "replicasets.apps" => age =>
        [
            Number("Desired", o => o.Obj("spec").Int("replicas") ?? 0),
            Number("Current", o => o.Obj("status").Int("replicas") ?? 0),
            Number("Ready", o => o.Obj("status").Int("readyReplicas") ?? 0),
            age,
            .. Template(),
        ],
        "statefulsets.apps" => age =>
        [
            TableColumn.Text("Ready", o => $"{o.Obj("status").Int("readyReplicas") ?? 0}/{o.Obj("spec").Int("replicas") ?? 0}"),
            age,
        ],
        "customresourcedefinitions.apiextensions.k8s.io" => _ =>
            [TableColumn.Text("Created At", o => o.Obj("metadata").Str("creationTimestamp"))],
        "roles.rbac.authorization.k8s.io" or "clusterroles.rbac.authorization.k8s.io" => _ =>
            [TableColumn.Text("Created At", o => o.Obj("metadata").Str("creationTimestamp"))],
        "rolebindings.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io" => age =>
            [TableColumn.Text("Role", o => $"{o.Obj("roleRef").Str("kind")}/{o.Obj("roleRef").Str("name")}"), age],
        _ => null,
    };

    /// <summary>The object of an event, in either spelling of events.</summary>
    private static JsonObject? About(JsonObject value) => value.Obj("involvedObject") ?? value.Obj("regarding");

    private static TableColumn Number(string name, Func<JsonObject, long> cell) => new(name, "integer", "", "", 0, o => JsonValue.Create(cell(o)));

    private static IEnumerable<JsonNode?> Containers(JsonObject pod) => pod.Obj("status").Arr("containerStatuses") ?? [];

    private static IEnumerable<TableColumn> Template() =>
    [
        TableColumn.Text("Containers", o => string.Join(",", TemplateContainers(o).Select(c => c.Str("name"))), priority: 1),
        TableColumn.Text("Images", o => string.Join(",", TemplateContainers(o).Select(c => c.Str("image"))), priority: 1),
        TableColumn.Text("Selector", o => StructuredSelector.ToText(o.Obj("spec").Obj("selector") ?? []), priority: 1),
    ];

    private static IEnumerable<JsonNode?> TemplateContainers(JsonObject workload) =>
        workload.Obj("spec").Obj("template").Obj("spec").Arr("containers") ?? [];

    private static string NodeStatus(JsonObject node)
    {
        var ready = (node.Obj("status").Arr("conditions") ?? []).FirstOrDefault(c => c.Str("type") == "Ready").Str("status");
        var text = ready switch { "True" => "Ready", null => "Unknown", _ => "NotReady" };
        return node.Obj("spec").Bool("unschedulable") == true ? text + ",SchedulingDisabled" : text;
    }

    private static string NodeRoles(JsonObject node)
    {
        const string Prefix = "node-role.kubernetes.io/";
        var roles = (node.Obj("metadata").Obj("labels") ?? [])
            .Where(l => l.Key.StartsWith(Prefix, StringComparison.Ordinal)).Select(l => l.Key[Prefix.Length..]).Order(StringComparer.Ordinal).ToList();
        return roles.Count == 0 ? None : string.Join(",", roles);
    }

    private static string NodeAddress(JsonObject node, string type) =>
        (node.Obj("status").Arr("addresses") ?? []).FirstOrDefault(a => a.Str("type") == type).Str("address") ?? None;

    private static string PodStatus(JsonObject pod)
    {
        if (pod.Obj("metadata").Str("deletionTimestamp") is not null)
        {
            return "Terminating";
        }

        foreach (var container in Containers(pod))
        {
            var state = container.Obj("state");
            if ((state.Obj("waiting").Str("reason") ?? state.Obj("terminated").Str("reason")) is { Length: > 0 } reason)
            {
                return reason;
            }
        }

        return pod.Obj("status").Str("reason") ?? pod.Obj("status").Str("phase") ?? "Unknown";
    }

    private static string ExternalIp(JsonObject service)
    {
        var spec = service.Obj("spec");
        var given = (spec.Arr("externalIPs") ?? []).Select(a => a.AsString());
        var ingress = (service.Obj("status").Obj("loadBalancer").Arr("ingress") ?? []).Select(i => i.Str("ip") ?? i.Str("hostname"));
        var all = spec.Str("type") == "LoadBalancer" ? ingress.Concat(given).ToList() : given.ToList();
        return spec.Str("type") switch
        {
            "ExternalName" => spec.Str("externalName") ?? None,
            "LoadBalancer" when all.Count == 0 => "<pending>",
            _ => all.Count == 0 ? None : string.Join(",", all),
        };
    }

    private static string Ports(JsonObject service)
    {
        var ports = (service.Obj("spec").Arr("ports") ?? [])
            .Select(p => p.Int("nodePort") is { } node ? $"{p.Int("port")}:{node}/{p.Str("protocol")}" : $"{p.Int("port")}/{p.Str("protocol")}").ToList();
        return ports.Count == 0 ? None : string.Join(",", ports);
    }

    private static string EndpointsText(JsonObject endpoints) => Limited(
        new JsonArray([.. (endpoints.Arr("subsets") ?? []).SelectMany(s =>
            (s.Arr("addresses") ?? []).SelectMany(a => (s.Arr("ports") ?? []).Select(p => (JsonNode?)$"{a.Str("ip")}:{p.Int("port")}")))]),
        e => e.AsString());

    private static string Pairs(JsonObject? labels) =>
        labels is null or { Count: 0 } ? None : string.Join(",", labels.Select(l => $"{l.Key}={l.Value.AsString()}"));

    private static string Limited(JsonArray? items, Func<JsonNode?, string?> text)
    {
        const int Shown = 3;
        if (items is null || items.Count == 0)
        {
            return None;
        }

        var shown = string.Join(",", items.Take(Shown).Select(text));
        return items.Count > Shown ? $"{shown} + {items.Count - Shown} more..." : shown;
    }

    public static IReadOnlyList<TableColumn> Events(DateTimeOffset now) =>
    [
        TableColumn.Text("Last Seen", o => HumanTime.Since(
            o.Obj("series").Str("lastObservedTime") ?? o.Str("lastTimestamp") ?? o.Str("deprecatedLastTimestamp") ?? o.Str("eventTime")
            ?? o.Obj("metadata").Str("creationTimestamp"), now)),
        TableColumn.Text("Type", o => o.Str("type")),
        TableColumn.Text("Reason", o => o.Str("reason")),
        TableColumn.Text("Object", o => $"{About(o).Str("kind")?.ToLowerInvariant()}/{About(o).Str("name")}"),
        TableColumn.Text("Subobject", o => About(o).Str("fieldPath"), priority: 1),
        TableColumn.Text("Source", o => o.Obj("source").Str("component") ?? o.Str("reportingComponent") ?? o.Str("reportingController"), priority: 1),
        TableColumn.Text("Message", o => (o.Str("message") ?? o.Str("note"))?.Trim()),
        TableColumn.Text("First Seen", o => HumanTime.Since(o.Str("firstTimestamp") ?? o.Str("eventTime"), now), priority: 1),
        Number("Count", o => o.Obj("series").Int("count") ?? o.Int("count") ?? 1) with { Priority = 1 },
        TableColumn.Text("Name", o => o.Obj("metadata").Str("name"), priority: 1),
    ];
}
