using System.CommandLine;
using Mooring.Sandbox.Echo;

namespace Mooring.Sandbox.Commands;

internal static class PodCommand
{
    public static Command Create() => new("pod", "Break, mend, add and remove pods")
    {
        Fail(),
        Verb("heal", "Make the pod's program work and its object Ready"),
        Verb("unready", "Set the pod's Ready condition to False; its program works on"),
        Add(),
        Remove(),
    };

    private static Command Fail()
    {
        var pod = PodArgument();
        var refuse = new Option<bool>("--refuse") { Description = "refuse connections" };
        var hang = new Option<bool>("--hang") { Description = "accept connections and never answer" };
        return DaemonVerb.Create(
            "fail",
            "Make the pod fail its health check; everything else goes on working, but for the options",
            [pod, refuse, hang],
            result =>
            {
                var failure = result.GetValue(refuse) ? PodFailure.Refuse
                    : result.GetValue(hang) ? PodFailure.Hang
                    : PodFailure.Unhealthy;
                return $"{PathOf(result, pod)}/fail?failure={failure}";
            });
    }

    private static Command Add()
    {
        var pod = PodArgument();
        var node = new Argument<string>("NODE") { Description = "such as node-1" };
        return DaemonVerb.Create(
            "add",
            "Run another pod with the label app=web",
            [pod, node],
            result => $"{PathOf(result, pod)}/add?node={Uri.EscapeDataString(result.GetValue(node)!)}");
    }

    private static Command Remove()
    {
        var pod = PodArgument();
        var grace = new Option<int>("--grace") { Description = "seconds for which it terminates and still serves" };
        return DaemonVerb.Create(
            "remove",
            "Delete the pod",
            [pod, grace],
            result => $"{PathOf(result, pod)}/remove?grace={result.GetValue(grace)}");
    }

    private static Command Verb(string verb, string description)
    {
        var pod = PodArgument();
        return DaemonVerb.Create(verb, description, [pod], result => $"{PathOf(result, pod)}/{verb}");
    }

    private static Argument<string> PodArgument() => new("POD") { Description = "such as web-1" };

    private static string PathOf(ParseResult result, Argument<string> pod) =>
        $"/pods/{Uri.EscapeDataString(result.GetValue(pod)!)}";
}
