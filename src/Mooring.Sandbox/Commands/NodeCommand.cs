using System.CommandLine;

namespace Mooring.Sandbox.Commands;

internal static class NodeCommand
{
    public static Command Create()
    {
        var silent = new Option<bool>("--silent")
        {
            Description = "keep the carrier: the interface stays up while no packet passes",
        };
        return new Command("node", "Break and mend a node")
        {
            Verb("kill", "Kill the node's agent with SIGKILL; it stays dead until `heal`"),
            Verb("freeze", "Stop the node's agent with SIGSTOP"),
            Verb("thaw", "Let a frozen agent go on"),
            Verb("cut", "Unplug the node from the network", silent),
            Verb("stop", "End the node's agent with SIGTERM, as when its pod is deleted"),
            Verb("start", "Start the node's agent"),
            Verb("restart", "What a rolling update does: SIGTERM, wait for the end, start"),
            Verb("drain", "Ask for the node's addresses to be moved away, by its annotation"),
            Verb("undrain", "Let the node hold addresses again"),
            Verb("remove", "Switch the machine off and delete its Node and pods; `heal` brings it back"),
            Verb("heal", "Plug the node in again, start or thaw its agent, and create its Node if it was removed"),
        };
    }

    private static Command Verb(string verb, string description, Option<bool>? silent = null)
    {
        var node = new Argument<string>("NODE") { Description = "such as node-1" };
        return DaemonVerb.Create(
            verb,
            description,
            silent is null ? [node] : [node, silent],
            result => $"/nodes/{Uri.EscapeDataString(result.GetValue(node)!)}/{verb}"
                + (verb == "cut" ? $"?silent={(silent is not null && result.GetValue(silent) ? "true" : "false")}" : ""));
    }
}
