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
            Verb("heal", "Plug the node in again and start or thaw its agent"),
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
