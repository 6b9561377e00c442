namespace Mooring.Sandbox.Processes;

/// <summary>
/// What the chart's containers may do, so that a program that needs more fails here before it fails in a cluster: words of setpriv
/// (util-linux) in front of a command.
/// </summary>
internal static class Privileges
{
    /// <summary>Those of the chart's agent: helm/mooring/templates/agent.yaml. A test compares them.</summary>
    public static IReadOnlyList<string> Agent { get; } = Only("+net_admin,+net_raw,+sys_nice");

    private static string[] Only(string capabilities) =>
        ["setpriv", "--inh-caps=-all", $"--bounding-set=-all,{capabilities}", "--no-new-privs"];
}
