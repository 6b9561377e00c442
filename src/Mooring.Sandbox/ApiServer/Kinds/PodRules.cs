using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>A pod starts Pending; after that little of its spec may change.</summary>
internal sealed class PodRules : IKindRules
{
    private static readonly string[] Mutable = ["activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations", "schedulingGates"];

    public void Prepare(JsonObject next, JsonObject? current)
    {
        if (current is null)
        {
            next["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = "BestEffort" };
        }

        foreach (var container in (next.Obj("spec").Arr("containers") ?? []).OfType<JsonObject>())
        {
            var image = container.Str("image") ?? "";
            container["imagePullPolicy"] ??= image.EndsWith(":latest", StringComparison.Ordinal) || !image.Contains(':') ? "Always" : "IfNotPresent";
        }
    }

    public void Validate(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        if (next.Obj("spec") is not { } spec)
        {
            errors.Add(FieldError.Required("spec.containers"));
            return;
        }

        var containers = spec.Arr("containers") ?? [];
        if (containers.Count == 0)
        {
            errors.Add(FieldError.Required("spec.containers"));
        }

        for (var i = 0; i < containers.Count; i++)
        {
            if (string.IsNullOrEmpty(containers[i].Str("image")))
            {
                errors.Add(FieldError.Required($"spec.containers[{i}].image"));
            }
        }

        if (current is not null && !JsonNode.DeepEquals(Fixed(spec), Fixed(current.Obj("spec") ?? [])))
        {
            errors.Add(FieldError.Forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
        }
    }

    private static JsonObject Fixed(JsonObject spec)
    {
        var copy = (JsonObject)spec.DeepClone();
        foreach (var field in Mutable)
        {
            copy.Remove(field);
        }

        foreach (var container in (copy.Arr("containers") ?? []).Concat(copy.Arr("initContainers") ?? []).OfType<JsonObject>())
        {
            container.Remove("image");
            container.Remove("imagePullPolicy");
        }

        return copy;
    }
}
