using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Resources;

namespace Mooring.Sandbox.KubeApi.Discovery;

/// <summary>What the server offers, in the older form of a document per group version and the aggregated one.</summary>
internal sealed class DiscoveryDocuments(ResourceRegistry registry)
{
    public const string AggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    private static readonly IReadOnlyList<string> StatusVerbs = ["get", "patch", "update"];

    public JsonObject CoreVersions(string serverAddress) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = serverAddress }),
    };

    public JsonObject GroupList()
    {
        var groups = registry.Types.Where(t => t.Group.Length > 0).GroupBy(t => t.Group, StringComparer.Ordinal);
        return new JsonObject
        {
            ["kind"] = "APIGroupList",
            ["apiVersion"] = "v1",
            ["groups"] = new JsonArray([.. groups.Select(g => (JsonNode?)GroupOf(g.Key, g))]),
        };
    }

    public JsonObject? Group(string name)
    {
        var types = registry.Types.Where(t => t.Group == name && name.Length > 0).ToList();
        if (types.Count == 0)
        {
            return null;
        }

        var group = GroupOf(name, types);
        group["kind"] = "APIGroup";
        group["apiVersion"] = "v1";
        return group;
    }

    public JsonObject? Resources(string group, string version)
    {
        var types = registry.Types.Where(t => t.Group == group && t.Version == version).ToList();
        if (types.Count == 0)
        {
            return null;
        }

        var resources = new JsonArray();
        foreach (var type in types)
        {
            resources.Add(new JsonObject
            {
                ["name"] = type.Plural,
                ["singularName"] = type.Singular,
                ["namespaced"] = type.Namespaced,
                ["kind"] = type.Kind,
                ["verbs"] = Texts(type.Verbs),
                ["shortNames"] = type.ShortNames.Count > 0 ? Texts(type.ShortNames) : null,
                ["categories"] = type.Categories.Count > 0 ? Texts(type.Categories) : null,
            });
            foreach (var (name, kind, kindGroup, kindVersion, verbs) in Subresources(type))
            {
                var resource = new JsonObject { ["name"] = $"{type.Plural}/{name}", ["singularName"] = "", ["namespaced"] = type.Namespaced, ["kind"] = kind };
                if (kindGroup != type.Group)
                {
                    resource["group"] = kindGroup;
                    resource["version"] = kindVersion;
                }

                resource["verbs"] = Texts(verbs);
                resources.Add(resource);
            }
        }

        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = types[0].GroupVersion,
            ["resources"] = resources,
        };
    }

    public JsonObject Aggregated(bool core)
    {
        var groups = registry.Types.Where(t => t.Group.Length == 0 == core).GroupBy(t => t.Group, StringComparer.Ordinal);
        return new JsonObject
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = "apidiscovery.k8s.io/v2",
            ["metadata"] = new JsonObject(),
            ["items"] = new JsonArray([.. groups.Select(g => (JsonNode?)new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = g.Key.Length == 0 ? null : g.Key, ["creationTimestamp"] = null },
                ["versions"] = new JsonArray([.. Versions(g).Select(v => (JsonNode?)new JsonObject
                {
                    ["version"] = v,
                    ["resources"] = new JsonArray([.. g.Where(t => t.Version == v).Select(t => (JsonNode?)AggregatedResource(t))]),
                    ["freshness"] = "Current",
                })]),
            })]),
        };
    }

    private static JsonObject AggregatedResource(ResourceType type)
    {
        var resource = new JsonObject
        {
            ["resource"] = type.Plural,
            ["responseKind"] = KindOf(type.Group, type.Version, type.Kind),
            ["scope"] = type.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = type.Singular,
            ["verbs"] = Texts(type.Verbs),
        };
        if (type.ShortNames.Count > 0)
        {
            resource["shortNames"] = Texts(type.ShortNames);
        }

        if (type.Categories.Count > 0)
        {
            resource["categories"] = Texts(type.Categories);
        }

        var subresources = Subresources(type).ToList();
        if (subresources.Count > 0)
        {
            resource["subresources"] = new JsonArray([.. subresources.Select(s => (JsonNode?)new JsonObject
            {
                ["subresource"] = s.Name,
                ["responseKind"] = KindOf(s.Group, s.Version, s.Kind),
                ["verbs"] = Texts(s.Verbs),
            })]);
        }

        return resource;
    }

    private static IEnumerable<(string Name, string Kind, string Group, string Version, IReadOnlyList<string> Verbs)> Subresources(ResourceType type)
    {
        if (type.HasStatus)
        {
            yield return ("status", type.Kind, type.Group, type.Version, StatusVerbs);
        }

        if (type.Scale is not null)
        {
            yield return ("scale", "Scale", "autoscaling", "v1", StatusVerbs);
        }

        foreach (var other in type.OtherSubresources)
        {
            yield return other switch
            {
                "eviction" => (other, "Eviction", "policy", "v1", ResourceType.CreateOnly),
                "token" => (other, "TokenRequest", "authentication.k8s.io", "v1", ResourceType.CreateOnly),
                "binding" => (other, "Binding", "", "v1", ResourceType.CreateOnly),
                _ => (other, type.Kind, type.Group, type.Version, ["update"]),
            };
        }
    }

    private static JsonObject GroupOf(string name, IEnumerable<ResourceType> types)
    {
        var versions = Versions(types).Select(v => new JsonObject { ["groupVersion"] = $"{name}/{v}", ["version"] = v }).ToList();
        return new JsonObject
        {
            ["name"] = name,
            ["versions"] = new JsonArray([.. versions]),
            ["preferredVersion"] = versions[0].DeepClone(),
        };
    }

    private static IEnumerable<string> Versions(IEnumerable<ResourceType> types) =>
        types.Select(t => t.Version).Distinct(StringComparer.Ordinal).Order(VersionOrder.Instance);

    private static JsonObject KindOf(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode?)t)];
}
