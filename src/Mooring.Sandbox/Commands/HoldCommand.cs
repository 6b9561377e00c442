using System.CommandLine;
using System.Net;
using System.Text.Json;
using Mooring.Sandbox.Probing;

namespace Mooring.Sandbox.Commands;

internal static class HoldCommand
{
    public static Command Create()
    {
        var target = new Option<string>("--target") { Description = "ADDRESS:PORT of a TCP echo, port 9000 of each pod", Required = true };
        var connections = new Option<int>("--connections")
        {
            Description = "how many", DefaultValueFactory = _ => HoldOptions.DefaultConnections,
        };
        var interval = ProbeCommand.Duration("--interval", HoldOptions.DefaultInterval, "from one exchange of a connection to its next");
        var duration = ProbeCommand.Duration("--duration", HoldOptions.DefaultDuration, "how long, once all are open");
        var patience = ProbeCommand.Duration("--patience", HoldOptions.DefaultPatience, "how long an exchange may take");
        var json = new Option<bool>("--json") { Description = "print JSON" };
        var command = new Command("hold", "Keep connections open, compare what they echo, and say which were lost")
        {
            target, connections, interval, duration, patience, json,
        };
        command.SetAction((result, cancellationToken) => SandboxCommandLine.RunAsync(async () =>
        {
            var options = new HoldOptions
            {
                Target = IPEndPoint.Parse(result.GetValue(target)!),
                Connections = result.GetValue(connections),
                Interval = result.GetValue(interval),
                Duration = result.GetValue(duration),
                Patience = result.GetValue(patience),
            };
            var keeper = new ConnectionKeeper(options, TimeProvider.System);

            // On standard error, for whoever waits to begin.
            var report = await keeper.RunAsync(() => Console.Error.WriteLine("open"), cancellationToken);
            Console.WriteLine(result.GetValue(json)
                ? JsonSerializer.Serialize(report, JsonSerializerOptions.Web)
                : Describe(report));
        }));
        return command;
    }

    private static string Describe(HoldReport report)
    {
        static string Counts(IEnumerable<KeyValuePair<string, int>> counts) =>
            string.Join(", ", counts.Select(pair => $"{pair.Key} {pair.Value}"));

        return $"""
            {report.Alive} of {report.Opened} alive{(report.Errors.Count > 0 ? $" ({Counts(report.Errors)})" : "")}
            {report.Exchanges} exchanges, longest {report.LongestStallMilliseconds:0} ms
            pods {Counts(report.Pods)}
            clients {Counts(report.Clients)}
            """;
    }
}
