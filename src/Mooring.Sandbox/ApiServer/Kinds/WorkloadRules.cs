using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;
using Mooring.Sandbox.KubeApi.Selectors;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>Deployments and their like: the selector matches the template and does not change.</summary>
internal sealed class WorkloadRules(string strategyField) : IKindRules
{
    public void Prepare(JsonObject next, JsonObject? current)
    {
        if (next.Obj("spec") is { } spec && spec.Obj(strategyField)?["type"] is null)
        {
            spec.Ensure(strategyField)["type"] = "RollingUpdate";
        }

        if (next.Obj("spec").Obj(strategyField) is { } strategy && strategy.Str("type") == "RollingUpdate" && strategyField == "strategy")
        {
            var rolling = strategy.Ensure("rollingUpdate");
            rolling["maxUnavailable"] ??= "25%";
            rolling["maxSurge"] ??= "25%";
        }
    }

    public void Validate(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        var spec = next.Obj("spec");
        if (spec is null)
        {
            errors.Add(FieldError.Required("spec.selector"));
            errors.Add(FieldError.Required("spec.template"));
            return;
        }

        if (spec.Int("replicas") < 0)
        {
            errors.Add(FieldError.Invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0"));
        }

        if (current is not null && !JsonNode.DeepEquals(spec["selector"], current.Obj("spec")?["selector"]))
        {
            errors.Add(FieldError.Invalid("spec.selector", spec["selector"], "field is immutable"));
        }

        var labels = (spec.Obj("template").Obj("metadata").Obj("labels") ?? [])
            .ToDictionary(l => l.Key, l => l.Value.AsString() ?? "", StringComparer.Ordinal);
        if (spec.Obj("selector") is { } selector && !StructuredSelector.Matches(selector, labels))
        {
            errors.Add(FieldError.Invalid(
                "spec.template.metadata.labels", spec.Obj("template").Obj("metadata")?["labels"], "`selector` does not match template `labels`"));
        }

        if (spec.Obj("template").Obj("spec").Arr("containers") is null or { Count: 0 })
        {
            errors.Add(FieldError.Required("spec.template.spec.containers"));
        }
    }
}
