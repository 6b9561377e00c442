using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>A namespace starts Active, carries its name as a label and is held by its own finalizer.</summary>
internal sealed class NamespaceRules : IKindRules
{
    public const string Finalizer = "kubernetes";
    public const string NameLabel = "kubernetes.io/metadata.name";

    public void Prepare(JsonObject next, JsonObject? current)
    {
        var metadata = next.Ensure("metadata");
        metadata.Ensure("labels")[NameLabel] = metadata.Str("name");
        if (current is null)
        {
            next["spec"] = new JsonObject { ["finalizers"] = new JsonArray(Finalizer) };
            next["status"] = new JsonObject { ["phase"] = "Active" };
        }
        else if (current["spec"] is { } spec)
        {
            // Only the finalize subresource changes the finalizers.
            next["spec"] = spec.DeepClone();
        }
    }

    public void Validate(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
    }
}
