using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>What one built-in kind does beyond its schema.</summary>
internal interface IKindRules
{
    /// <summary>Completes a new object, or the next state of one (<paramref name="current"/> not null), in place.</summary>
    void Prepare(JsonObject next, JsonObject? current);

    void Validate(JsonObject next, JsonObject? current, List<FieldError> errors);
}
