using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.OpenApi;

/// <summary>The paths and operations of one resource.</summary>
internal static class PathItems
{
    private static readonly string[] ListParameters =
        ["allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch"];

    private static readonly string[] WriteParameters = ["dryRun", "fieldManager", "fieldValidation"];

    public static void Add(JsonObject paths, SchemaDocument schemas, ResourceType type)
    {
        var reference = schemas.Reference(type.Schema);
        AddKind(schemas, type.Schema.TypeName!, type, type.Kind);
        var prefix = type.Group.Length == 0 ? $"/api/{type.Version}" : $"/apis/{type.Group}/{type.Version}";
        var collection = type.Namespaced ? $"{prefix}/namespaces/{{namespace}}/{type.Plural}" : $"{prefix}/{type.Plural}";
        if (!type.IsStored)
        {
            paths[collection] = new JsonObject { ["post"] = Operation(type, "post", reference, WriteParameters) };
            return;
        }

        var list = AddList(schemas, type, reference);
        paths[collection] = new JsonObject
        {
            ["get"] = Operation(type, "list", list, ListParameters),
            ["post"] = Operation(type, "post", reference, WriteParameters),
            ["delete"] = Operation(type, "deletecollection", reference, [.. ListParameters, "dryRun", "propagationPolicy"]),
        };
        if (type.Namespaced)
        {
            paths[$"{prefix}/{type.Plural}"] = new JsonObject { ["get"] = Operation(type, "list", list, ListParameters) };
        }

        paths[$"{collection}/{{name}}"] = new JsonObject
        {
            ["get"] = Operation(type, "get", reference, []),
            ["put"] = Operation(type, "put", reference, WriteParameters),
            ["patch"] = Operation(type, "patch", reference, [.. WriteParameters, "force"]),
            ["delete"] = Operation(type, "delete", reference, ["dryRun", "gracePeriodSeconds", "propagationPolicy"]),
        };
        if (type.HasStatus)
        {
            paths[$"{collection}/{{name}}/status"] = new JsonObject
            {
                ["get"] = Operation(type, "get", reference, []),
                ["put"] = Operation(type, "put", reference, WriteParameters),
                ["patch"] = Operation(type, "patch", reference, [.. WriteParameters, "force"]),
            };
        }
    }

    private static JsonObject AddList(SchemaDocument schemas, ResourceType type, JsonObject item)
    {
        var name = type.Schema.TypeName + "List";
        if (!schemas.Contains(name))
        {
            schemas.AddComponent(name, new JsonObject
            {
                ["description"] = $"{type.Kind}List is a list of {type.Kind}.",
                ["type"] = "object",
                ["required"] = new JsonArray("items"),
                ["properties"] = new JsonObject
                {
                    ["apiVersion"] = new JsonObject { ["type"] = "string" },
                    ["kind"] = new JsonObject { ["type"] = "string" },
                    ["metadata"] = schemas.Reference(BuiltinSchemas.Instance.ListMeta),
                    ["items"] = new JsonObject { ["type"] = "array", ["items"] = item.DeepClone() },
                },
            });
            AddKind(schemas, name, type, type.ListKind);
        }

        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }

    private static void AddKind(SchemaDocument schemas, string component, ResourceType type, string kind) =>
        schemas[component]["x-kubernetes-group-version-kind"] = new JsonArray(GroupVersionKind(type, kind));

    private static JsonObject Operation(ResourceType type, string action, JsonObject schema, IEnumerable<string> parameters) => new()
    {
        ["x-kubernetes-action"] = action,
        ["x-kubernetes-group-version-kind"] = GroupVersionKind(type, type.Kind),
        ["parameters"] = new JsonArray([.. parameters.Select(p => (JsonNode?)new JsonObject
        {
            ["name"] = p,
            ["in"] = "query",
            ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true },
        })]),
        ["responses"] = new JsonObject
        {
            ["200"] = new JsonObject
            {
                ["description"] = "OK",
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schema.DeepClone() } },
            },
        },
    };

    private static JsonObject GroupVersionKind(ResourceType type, string kind) =>
        new() { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = kind };
}
