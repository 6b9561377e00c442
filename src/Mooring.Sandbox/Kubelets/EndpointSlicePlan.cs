using System.Text.Json.Nodes;

namespace Mooring.Sandbox.Kubelets;

/// <summary>What the endpoint slice controller does: from a Service with a selector and the pods, a slice for each family.</summary>
internal static class EndpointSlicePlan
{
    public const string ManagedBy = "mooring-sandbox";

    /// <returns>The slices by name; none for a Service without a selector: its slices are someone else's.</returns>
    public static IEnumerable<(string Name, JsonObject Slice)> ForService(JsonObject service, IEnumerable<JsonObject> pods)
    {
        if (service["spec"]?["selector"] is not JsonObject { Count: > 0 } selector)
        {
            return [];
        }

        var chosen = pods.Where(pod => Matches(pod, selector)).ToList();
        var families = service["spec"]!["ipFamilies"]?.AsArray().Select(family => (string)family!) ?? ["IPv4"];
        return families.Select(family => Slice(service, family, chosen));
    }

    private static (string Name, JsonObject Slice) Slice(JsonObject service, string family, List<JsonObject> chosen)
    {
        var metadata = service["metadata"]!;
        var name = $"{metadata["name"]}-{family.ToLowerInvariant()}";
        var having = chosen.Where(pod => PodAddress(pod, family) is not null).ToList();
        return (name, new JsonObject
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = (string)metadata["namespace"]!,
                ["labels"] = new JsonObject
                {
                    ["kubernetes.io/service-name"] = (string)metadata["name"]!,
                    ["endpointslice.kubernetes.io/managed-by"] = ManagedBy,
                },
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Service",
                    ["name"] = (string)metadata["name"]!,
                    ["uid"] = (string)metadata["uid"]!,
                    ["controller"] = true,
                    ["blockOwnerDeletion"] = true,
                }),
            },
            ["addressType"] = family,
            ["endpoints"] = new JsonArray([.. having.Select(pod => Endpoint(pod, family))]),
            ["ports"] = new JsonArray([.. Ports(service, having)]),
        });
    }

    private static bool Matches(JsonObject pod, JsonObject selector) =>
        selector.All(pair => (string?)pod["metadata"]?["labels"]?[pair.Key] == (string?)pair.Value);

    private static string? PodAddress(JsonObject pod, string family) =>
        (pod["status"]?["podIPs"]?.AsArray() ?? []).Select(address => (string?)address!["ip"])
            .FirstOrDefault(address => address?.Contains(':', StringComparison.Ordinal) == (family == "IPv6"));

    private static JsonNode Endpoint(JsonObject pod, string family)
    {
        var terminating = pod["metadata"]?["deletionTimestamp"] is not null;
        var ready = pod["status"]?["conditions"] is JsonArray conditions && conditions.Any(condition =>
            (string?)condition?["type"] == "Ready" && (string?)condition["status"] == "True");
        return new JsonObject
        {
            ["addresses"] = new JsonArray(PodAddress(pod, family)),
            ["conditions"] = new JsonObject
            {
                ["ready"] = ready && !terminating,
                ["serving"] = ready,
                ["terminating"] = terminating,
            },
            ["nodeName"] = (string?)pod["spec"]?["nodeName"],
            ["targetRef"] = new JsonObject
            {
                ["kind"] = "Pod",
                ["namespace"] = (string?)pod["metadata"]?["namespace"],
                ["name"] = (string?)pod["metadata"]?["name"],
                ["uid"] = (string?)pod["metadata"]?["uid"],
            },
        };
    }

    private static IEnumerable<JsonNode> Ports(JsonObject service, IReadOnlyList<JsonObject> pods)
    {
        foreach (var port in service["spec"]?["ports"]?.AsArray() ?? [])
        {
            var target = port!["targetPort"] ?? port["port"]!;
            var number = target.GetValueKind() == System.Text.Json.JsonValueKind.String
                ? NamedPort(pods, (string)target!)
                : (int)target;
            if (number is { } resolved)
            {
                yield return new JsonObject
                {
                    ["name"] = (string?)port["name"] ?? "",
                    ["port"] = resolved,
                    ["protocol"] = (string?)port["protocol"] ?? "TCP",
                };
            }
        }
    }

    private static int? NamedPort(IEnumerable<JsonObject> pods, string name) => (
        from pod in pods
        from container in pod["spec"]?["containers"]?.AsArray() ?? []
        from port in container!["ports"]?.AsArray() ?? []
        where (string?)port!["name"] == name
        select (int?)port["containerPort"]).FirstOrDefault();
}
