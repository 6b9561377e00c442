namespace Mooring.Sandbox.Network;

/// <summary>Commands for one run of <c>ip -batch</c>.</summary>
/// <param name="Namespace">The network namespace they run in, or null for the one we are in.</param>
internal sealed record IpBatch(string? Namespace, IReadOnlyList<string> Lines)
{
    public override string ToString() =>
        string.Join('\n', Lines.Select(line => Namespace is null ? line : $"[{Namespace}] {line}"));
}
