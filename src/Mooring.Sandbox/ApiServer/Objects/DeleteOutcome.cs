using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>After a deletion: gone, or still there with a deletion timestamp.</summary>
internal sealed record DeleteOutcome(bool Gone, JsonObject Object);
