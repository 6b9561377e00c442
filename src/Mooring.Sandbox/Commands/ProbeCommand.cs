using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Mooring.Sandbox.Probing;

namespace Mooring.Sandbox.Commands;

internal static class ProbeCommand
{
    public static Command Create()
    {
        var url = new Option<string>("--url")
        {
            Description = "http://ADDRESS:PORT/PATH, tcp://ADDRESS:PORT or udp://ADDRESS:PORT",
            Required = true,
        };
        var interval = Duration("--interval", ProbeOptions.DefaultInterval, "from one request to the next");
        var timeout = Duration("--timeout", ProbeOptions.DefaultTimeout, "how long an answer may take");
        var duration = Duration("--duration", ProbeOptions.DefaultDuration, "how long to ask; 0 until SIGINT or SIGTERM");
        var json = new Option<bool>("--json") { Description = "print JSON" };
        var command = new Command("probe", "Ask steadily, each time on a new connection, and say what was lost")
        {
            url, interval, timeout, duration, json,
        };
        command.SetAction((result, cancellationToken) => SandboxCommandLine.RunAsync(async () =>
        {
            if (!Uri.TryCreate(result.GetValue(url), UriKind.Absolute, out var parsed))
            {
                throw new UriFormatException($"'{result.GetValue(url)}' is no URL");
            }

            var length = result.GetValue(duration);
            var options = new ProbeOptions
            {
                Url = parsed,
                Interval = result.GetValue(interval),
                Timeout = result.GetValue(timeout),
                Duration = length == TimeSpan.Zero ? null : length,
            };
            var target = ProbeTargets.Create(parsed, (family, type, protocol) => new Socket(family, type, protocol));
            var report = await new Prober(options, target, TimeProvider.System).RunAsync(cancellationToken);
            Console.WriteLine(result.GetValue(json)
                ? JsonSerializer.Serialize(report, JsonSerializerOptions.Web)
                : Describe(report));
        }));
        return command;
    }

    private static string Describe(ProbeReport report)
    {
        static string Counts(IEnumerable<KeyValuePair<string, int>> counts) =>
            string.Join(", ", counts.Select(pair => $"{pair.Key} {pair.Value}"));

        return $"""
            {report.Requests} requests, {report.Failures} failed{(report.Failures > 0 ? $" ({Counts(report.Errors)})" : "")}
            longest outage {report.LongestOutageMilliseconds:0.0} ms
            answered by {Counts(report.Pods)}
            latency median {report.MedianMilliseconds:0.0} ms, p99 {report.P99Milliseconds:0.0} ms, max {report.MaxMilliseconds:0.0} ms
            """;
    }

    /// <summary>A time such as 5ms, 1.5s or 2m; a bare number is seconds.</summary>
    internal static TimeSpan? ParseDuration(string text)
    {
        (string Unit, double Seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60)];
        var (unit, seconds) = units.FirstOrDefault(
            candidate => text.EndsWith(candidate.Unit, StringComparison.Ordinal), ("", 1));
        return double.TryParse(
                text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * seconds < TimeSpan.FromDays(1).TotalSeconds
                ? TimeSpan.FromSeconds(number * seconds)
                : null;
    }

    internal static Option<TimeSpan> Duration(string option, TimeSpan standard, string what) => new(option)
    {
        Description = $"{what}, such as 5ms or 2s",
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            if (ParseDuration(result.Tokens[0].Value) is { } parsed)
            {
                return parsed;
            }

            result.AddError($"{option}: '{result.Tokens[0].Value}' is no time: write 5ms, 1.5s or 2m");
            return default;
        },
    };
}
