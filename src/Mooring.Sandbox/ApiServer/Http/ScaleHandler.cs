using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Patching;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;
using Mooring.Sandbox.KubeApi.Selectors;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>The <c>scale</c> subresource: an <c>autoscaling/v1 Scale</c> as a view of an object's replica count.</summary>
internal sealed class ScaleHandler(ObjectService objects)
{
    public async Task HandleAsync(ApiRequest request)
    {
        var scale = request.Type.Scale!;
        var type = request.Type;
        switch (request.Http.Request.Method)
        {
            case "GET":
                var stored = objects.Find(type, request.Namespace, request.Name);
                await ApiResponse.WriteJsonAsync(request.Http, View(ObjectService.Serve(stored, type), scale));
                break;
            case "PUT":
                var body = await WriteHandler.RequiredBodyAsync(request);
                await ChangeAsync(request, scale, _ => body);
                break;
            case "PATCH":
                var patchType = RequestBody.ContentType(request.Http.Request);
                if (patchType == "application/apply-patch+yaml")
                {
                    await ApplyAsync(request, scale);
                    break;
                }

                var patch = await RequestBody.ReadAsync(request.Http.Request, yaml: false, null, request.Aborted);
                await ChangeAsync(request, scale, view => patchType switch
                {
                    "application/json-patch+json" => JsonPatch.Apply(view, patch),
                    "application/merge-patch+json" => MergePatch.Apply(view, patch),
                    "application/strategic-merge-patch+json" when type.Custom is null => MergePatch.Apply(view, patch),
                    _ => throw ApiError.UnsupportedMediaType("application/json-patch+json, application/merge-patch+json"),
                });
                break;
            default:
                throw ApiError.MethodNotAllowed();
        }
    }

    /// <summary>An applied scale is the applied replica count of the object, owned apart from what is applied to the object itself.</summary>
    private async Task ApplyAsync(ApiRequest request, ScaleSubresource scale)
    {
        var config = await WriteHandler.AppliedAsync(request, []);
        var replicas = config.Obj("spec").Int("replicas") ?? throw ApiError.BadRequest("spec.replicas: Required value");
        var type = request.Type;
        var applied = new JsonObject { ["apiVersion"] = type.GroupVersion, ["kind"] = type.Kind };
        Replicas(applied, scale, replicas);
        var (changed, _) = await objects.ApplyAsync(type, request.Namespace, request.Name, "scale", applied, request.WriteOptions(), []);
        await ApiResponse.WriteJsonAsync(request.Http, View(changed, scale));
    }

    private static void Replicas(JsonObject value, ScaleSubresource scale, long replicas)
    {
        var path = scale.SpecReplicas.Split('.');
        foreach (var part in path[..^1])
        {
            value = value.Ensure(part);
        }

        value[path[^1]] = replicas;
    }

    private async Task ChangeAsync(ApiRequest request, ScaleSubresource scale, Func<JsonObject, JsonNode?> change)
    {
        var changed = await objects.PatchAsync(request.Type, request.Namespace, request.Name, "scale", request.WriteOptions(), current =>
        {
            var wanted = change(View(current, scale));
            if (wanted.Obj("metadata").Str("resourceVersion") is { Length: > 0 } version && version != current.Obj("metadata").Str("resourceVersion"))
            {
                throw ApiError.StaleWrite(request.Type.Group, request.Type.Plural, request.Name);
            }

            var replicas = wanted.Obj("spec").Int("replicas") ?? 0;
            if (replicas < 0)
            {
                throw ApiError.Invalid("autoscaling", "Scale", request.Name, [FieldError.Invalid("spec.replicas", JsonValue.Create(replicas), "must be greater than or equal to 0")]);
            }

            Replicas(current, scale, replicas);
            return current;
        });
        await ApiResponse.WriteJsonAsync(request.Http, View(changed, scale));
    }

    private static JsonObject View(JsonObject value, ScaleSubresource scale)
    {
        var metadata = value.Obj("metadata");
        var status = new JsonObject { ["replicas"] = At(value, scale.StatusReplicas).AsLong() ?? 0 };
        if (scale.LabelSelector is not null)
        {
            status["selector"] = At(value, scale.LabelSelector) switch
            {
                JsonObject selector => StructuredSelector.ToText(selector),
                var text => text.AsString() ?? "",
            };
        }

        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = metadata.Str("name"),
                ["namespace"] = metadata.Str("namespace"),
                ["uid"] = metadata.Str("uid"),
                ["resourceVersion"] = metadata.Str("resourceVersion"),
                ["creationTimestamp"] = metadata.Str("creationTimestamp"),
            },
            ["spec"] = new JsonObject { ["replicas"] = At(value, scale.SpecReplicas).AsLong() ?? 0 },
            ["status"] = status,
        };
    }

    private static JsonNode? At(JsonNode? node, string path)
    {
        foreach (var part in path.Split('.'))
        {
            node = (node as JsonObject)?[part];
        }

        return node;
    }
}
