using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>
/// An event stands in the namespace of its object, that of a cluster-scoped one in <c>default</c>. One with an
/// <c>eventTime</c> is of the newer form, which names its reporter.
/// </summary>
/// <param name="served">Whether the rules see the spelling of <c>events.k8s.io</c>.</param>
internal sealed class EventRules(bool served) : IKindRules
{
    private const int MaxNameBytes = 128;
    private const int MaxNoteBytes = 1024;

    public void Prepare(JsonObject next, JsonObject? current)
    {
    }

    public void Validate(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        var ns = next.Obj("metadata").Str("namespace") ?? "";
        var about = next.Obj(served ? "regarding" : "involvedObject").Str("namespace") ?? "";
        var newer = next.Str("eventTime") is { Length: > 0 };
        var belongs = about.Length > 0 ? about == ns : ns == "default" || (newer && ns == "kube-system");
        if (!belongs && (about.Length == 0 || !newer))
        {
            errors.Add(FieldError.Invalid("involvedObject.namespace", JsonValue.Create(about), "does not match event.namespace"));
        }

        if (newer && current is null)
        {
            RequireName(next, served ? "reportingController" : "reportingComponent", errors);
            RequireName(next, "reportingInstance", errors);
            RequireName(next, "action", errors);
            RequireName(next, "reason", errors);
            if ((next.Str(served ? "note" : "message") ?? "").Length > MaxNoteBytes)
            {
                errors.Add(FieldError.Invalid("message", JsonValue.Create(""), $"can have at most {MaxNoteBytes} characters"));
            }
        }
    }

    private static void RequireName(JsonObject value, string field, List<FieldError> errors)
    {
        var text = value.Str(field) ?? "";
        if (text.Length == 0)
        {
            errors.Add(FieldError.Required(field));
        }
        else if (text.Length > MaxNameBytes)
        {
            errors.Add(FieldError.Invalid(field, JsonValue.Create(""), $"can have at most {MaxNameBytes} characters"));
        }
    }
}
