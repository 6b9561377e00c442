namespace Mooring.Controller.Agents.Admission;

/// <summary>For whom an agent may speak.</summary>
/// <param name="Node">Null where nobody is asked for a proof.</param>
internal sealed record AgentIdentity(string? Node)
{
    public static readonly AgentIdentity Unproven = new((string?)null);

    public bool MaySpeakFor(string node) => Node is null || Node == node;
}
