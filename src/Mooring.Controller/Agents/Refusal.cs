using Mooring.Protocol.Snapshots;

namespace Mooring.Controller.Agents;

/// <summary>A part of a snapshot that an agent could not apply.</summary>
/// <param name="Object"><c>namespace/name</c>, or empty.</param>
internal sealed record Refusal(string Object, string Field, string Message)
{
    /// <summary>Nothing of the snapshot is in the kernel of that node.</summary>
    public bool ConcernsAll => Object.Length == 0 && Field == ProblemFields.DataPlane;
}
