using System.CommandLine;

namespace Mooring.Sandbox.Commands;

internal static class ApiServerCommand
{
    public static Command Create() => new("apiserver", "Take the API server away and bring it back, or run it alone")
    {
        ApiServerRunCommand.Create(),
        DaemonVerb.Create("stop", "Reset its connections, as if it were gone", [], _ => "/apiserver/stop"),
        DaemonVerb.Create("start", "Let it answer again", [], _ => "/apiserver/start"),
    };
}
