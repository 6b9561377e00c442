using System.Text.Json.Nodes;

namespace Mooring.Conformance.Tests.Cluster;

/// <summary>A custom resource with one field for everything a structural schema can say, in a group of its own.</summary>
internal sealed class WidgetCrd
{
    public const string Crds = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    private readonly string _namespace;

    private WidgetCrd(string group, string ns)
    {
        Group = group;
        _namespace = ns;
    }

    public string Group { get; }

    public string Name => $"widgets.{Group}";

    public string ApiVersion => $"{Group}/v1";

    public string Collection => $"apis/{Group}/v1/namespaces/{_namespace}/widgets";

    public string BetaCollection => $"apis/{Group}/v1beta1/namespaces/{_namespace}/widgets";

    public static async Task<WidgetCrd> InstallAsync(ConformanceCluster cluster, string group)
    {
        var crd = new WidgetCrd(group, cluster.Namespace);
        await InstallAsync(cluster, crd.Name, Definition(group));
        await ServedAsync(cluster, crd.Collection);
        await ServedAsync(cluster, crd.BetaCollection);
        return crd;
    }

    /// <summary>Creates a CRD, to be removed at the end, and waits until it is established.</summary>
    public static async Task InstallAsync(ConformanceCluster cluster, string name, string definition)
    {
        cluster.RemoveAtEnd($"{Crds}/{name}");
        (await cluster.Api.PostAsync(Crds, definition)).Ok(201);
        await Eventually.TrueAsync(
            async () => ((await cluster.Api.GetAsync($"{Crds}/{name}"))["status.conditions"] as JsonArray ?? [])
                .Any(c => c.Text("type") == "Established" && c.Text("status") == "True"),
            $"{name} is established");
    }

    /// <summary>Waits until objects can be listed; that may come a moment after the condition.</summary>
    public static Task ServedAsync(ConformanceCluster cluster, string collection) =>
        Eventually.TrueAsync(async () => (await cluster.Api.GetAsync(collection)).Code == 200, $"{collection} is served");

    public string Path(string name, string? subresource = null) => $"{Collection}/{name}{(subresource is null ? "" : "/" + subresource)}";

    /// <param name="name">The object's.</param>
    /// <param name="spec">The inside of its <c>spec</c>.</param>
    /// <param name="metadata">More of its <c>metadata</c>.</param>
    /// <param name="rest">Fields after the spec.</param>
    public string Json(string name, string spec, string metadata = "", string rest = "") => $$$"""
        {"apiVersion":"{{{ApiVersion}}}","kind":"Widget","metadata":{"name":"{{{name}}}"{{{(metadata.Length == 0 ? "" : "," + metadata)}}}},"spec":{ {{{spec}}} }{{{(rest.Length == 0 ? "" : "," + rest)}}} }
        """;

    private static string Definition(string group) => $$"""
        {
          "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
          "metadata": {"name": "widgets.{{group}}"},
          "spec": {
            "group": "{{group}}", "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wdg"], "categories": ["conformance"]},
            "versions": [
              {"name": "v1", "served": true, "storage": true,
               "schema": {"openAPIV3Schema": {{Schema}}},
               "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas", "labelSelectorPath": ".status.selector"} },
               "selectableFields": [{"jsonPath": ".spec.color"}],
               "additionalPrinterColumns": [
                 {"name": "Size", "type": "string", "jsonPath": ".spec.size"},
                 {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"},
                 {"name": "Note", "type": "string", "jsonPath": ".spec.note", "priority": 1},
                 {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]},
              {"name": "v1beta1", "served": true, "storage": false, "deprecated": true, "deprecationWarning": "widgets v1beta1 are old",
               "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true} } }
            ]
          }
        }
        """;

    private const string Schema = """
        {
          "type": "object", "description": "A widget for conformance.", "required": ["spec"],
          "properties": {
            "spec": {
              "type": "object",
              "x-kubernetes-validations": [{"rule": "!has(self.color) || self.color != 'forbidden'", "message": "that color is forbidden"}],
              "properties": {
                "size": {"type": "string", "enum": ["S", "M", "L"], "default": "S", "description": "How large it is."},
                "replicas": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 100, "default": 1},
                "color": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 10},
                "note": {"type": "string", "nullable": true},
                "plain": {"type": "string"},
                "fixed": {"type": "string", "maxLength": 20, "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "fixed does not change"}]},
                "target": {"x-kubernetes-int-or-string": true},
                "ratio": {"type": "number", "multipleOf": 0.5, "exclusiveMinimum": true, "minimum": 0},
                "enabled": {"type": "boolean"},
                "address": {"type": "string", "format": "ipv4"},
                "at": {"type": "string", "format": "date-time"},
                "blob": {"type": "string", "format": "byte"},
                "uid": {"type": "string", "format": "uuid"},
                "ports": {
                  "type": "array", "maxItems": 4, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"],
                  "items": {"type": "object", "required": ["port"], "properties": {
                    "name": {"type": "string"},
                    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                    "protocol": {"type": "string", "default": "TCP"}}}},
                "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                "args": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {"type": "string"}},
                "limits": {"type": "object", "maxProperties": 3, "additionalProperties": {"type": "integer"}},
                "reference": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"name": {"type": "string"}, "kind": {"type": "string"}}},
                "raw": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"known": {"type": "integer"}}},
                "template": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
                "source": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
              }
            },
            "status": {
              "type": "object",
              "properties": {
                "replicas": {"type": "integer"}, "selector": {"type": "string"}, "observed": {"type": "integer", "format": "int64"}, "phase": {"type": "string"},
                "conditions": {
                  "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
                  "items": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}, "status": {"type": "string"}}}}
              }
            }
          }
        }
        """;
}
