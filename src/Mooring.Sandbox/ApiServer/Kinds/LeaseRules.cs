using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>Durations and counts of a lease are positive.</summary>
internal sealed class LeaseRules : IKindRules
{
    public void Prepare(JsonObject next, JsonObject? current)
    {
    }

    public void Validate(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        var spec = next.Obj("spec");
        if (spec.Int("leaseDurationSeconds") <= 0)
        {
            errors.Add(FieldError.Invalid("spec.leaseDurationSeconds", spec?["leaseDurationSeconds"], "must be greater than 0"));
        }

        if (spec.Int("leaseTransitions") < 0)
        {
            errors.Add(FieldError.Invalid("spec.leaseTransitions", spec?["leaseTransitions"], "must be greater than or equal to 0"));
        }
    }
}
