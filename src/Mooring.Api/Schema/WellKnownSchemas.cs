using k8s.Models;

namespace Mooring.Api.Schema;

/// <summary>Schemas of Kubernetes' own types, as its API machinery declares them.</summary>
internal static class WellKnownSchemas
{
    private static readonly Dictionary<Type, Func<SchemaNode>> Known = new()
    {
        [typeof(V1Condition)] = Condition,
        [typeof(V1LabelSelector)] = LabelSelector,
        [typeof(IntstrIntOrString)] = IntOrString,
    };

    public static SchemaNode? For(Type type) => Known.TryGetValue(type, out var schema) ? schema() : null;

    private static SchemaNode IntOrString() => new()
    {
        ["anyOf"] = new List<object>
        {
            new SchemaNode { ["type"] = "integer" },
            new SchemaNode { ["type"] = "string" },
        },
        ["x-kubernetes-int-or-string"] = true,
    };

    // metav1.Condition
    private static SchemaNode Condition() => new()
    {
        ["type"] = "object",
        ["required"] = new List<object> { "lastTransitionTime", "message", "reason", "status", "type" },
        ["properties"] = new SchemaNode
        {
            ["lastTransitionTime"] = Text("When the status last changed.", ("format", "date-time")),
            ["message"] = Text("The reason for a person, with the fix.", ("maxLength", 32768)),
            ["observedGeneration"] = new SchemaNode
            {
                ["description"] = "Generation of the spec that the condition was computed from.",
                ["type"] = "integer",
                ["format"] = "int64",
                ["minimum"] = 0,
            },
            ["reason"] = Text(
                "CamelCase reason.",
                ("maxLength", 1024),
                ("minLength", 1),
                ("pattern", "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")),
            ["status"] = Text(
                "True, False or Unknown.", ("enum", new List<object> { "True", "False", "Unknown" })),
            ["type"] = Text("CamelCase type.", ("maxLength", 316)),
        },
    };

    // metav1.LabelSelector
    private static SchemaNode LabelSelector() => new()
    {
        ["type"] = "object",
        ["x-kubernetes-map-type"] = "atomic",
        ["properties"] = new SchemaNode
        {
            ["matchExpressions"] = new SchemaNode
            {
                ["description"] = "Requirements, all of which must hold.",
                ["type"] = "array",
                ["x-kubernetes-list-type"] = "atomic",
                ["items"] = new SchemaNode
                {
                    ["type"] = "object",
                    ["required"] = new List<object> { "key", "operator" },
                    ["properties"] = new SchemaNode
                    {
                        ["key"] = Text("Key of the label."),
                        ["operator"] = Text(
                            "In, NotIn, Exists or DoesNotExist.",
                            ("enum", new List<object> { "In", "NotIn", "Exists", "DoesNotExist" })),
                        ["values"] = new SchemaNode
                        {
                            ["description"] = "Values for In and NotIn.",
                            ["type"] = "array",
                            ["x-kubernetes-list-type"] = "atomic",
                            ["items"] = new SchemaNode { ["type"] = "string" },
                        },
                    },
                },
            },
            ["matchLabels"] = new SchemaNode
            {
                ["description"] = "Labels, all of which must be carried.",
                ["type"] = "object",
                ["additionalProperties"] = new SchemaNode { ["type"] = "string" },
            },
        },
    };

    private static SchemaNode Text(string description, params (string Key, object Value)[] more)
    {
        var node = new SchemaNode { ["description"] = description, ["type"] = "string" };
        foreach (var (key, value) in more)
        {
            node[key] = value;
        }

        return node;
    }
}
