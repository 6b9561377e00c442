using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>A CRD's names are completed and its schema is checked before it is stored.</summary>
internal sealed class CrdRules : IKindRules
{
    public void Prepare(JsonObject next, JsonObject? current)
    {
        if (next.Obj("spec") is not { } spec || spec.Obj("names") is not { } names)
        {
            return;
        }

        var kind = names.Str("kind") ?? "";
        if (string.IsNullOrEmpty(names.Str("singular")))
        {
            names["singular"] = kind.ToLowerInvariant();
        }

        if (string.IsNullOrEmpty(names.Str("listKind")))
        {
            names["listKind"] = kind + "List";
        }

        spec["conversion"] ??= new JsonObject { ["strategy"] = "None" };
    }

    public void Validate(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        _ = CrdTypes.Read(next, errors);
        if (current is null)
        {
            return;
        }

        foreach (var field in (string[])["group", "scope"])
        {
            if (next.Obj("spec").Str(field) != current.Obj("spec").Str(field))
            {
                errors.Add(FieldError.Invalid($"spec.{field}", next.Obj("spec")?[field], "field is immutable"));
            }
        }
    }
}
