using System.CommandLine;

namespace Mooring.Sandbox.Commands;

internal static class ControllerCommand
{
    public static Command Create() => new("controller", "Kill and start the controller")
    {
        DaemonVerb.Create("kill", "Kill it with SIGKILL", [], _ => "/controller/kill"),
        DaemonVerb.Create("start", "Start it again", [], _ => "/controller/start"),
    };
}
