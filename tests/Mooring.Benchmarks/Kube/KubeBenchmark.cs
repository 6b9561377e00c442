using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Mooring.Kubernetes.Client;

namespace Mooring.Benchmarks.Kube;

/// <summary>
/// The informer beside a plain loop over the same bytes: alternately, several rounds after one to warm up, medians of
/// the rounds.
/// </summary>
internal static class KubeBenchmark
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var rounds = arguments.Contains("--quick") ? 2 : 9;
        using var process = Start(KubeServer.Verb);
        try
        {
            var server = new Uri((await process.StandardOutput.ReadLineAsync())!);
            var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
            await MeasureAsync("list", server, false, ObjectFields.WithoutManagedFields, rounds, figures);
            await MeasureAsync("stream", server, true, ObjectFields.WithoutManagedFields, rounds, figures);
            await MeasureAsync("modelled", server, true, ObjectFields.Modelled, rounds, figures);
            figures["kube-endpoints-rss"] = await EndpointsAsync(server);
            Console.WriteLine(JsonSerializer.Serialize(figures));
            return 0;
        }
        finally
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
        }
    }

    private static async Task MeasureAsync(
        string way,
        Uri server,
        bool streamed,
        ObjectFields fields,
        int rounds,
        SortedDictionary<string, double> figures)
    {
        var (ours, plain) = (new List<Measurement>(), new List<Measurement>());
        for (var round = 0; round <= rounds; round++)
        {
            var (one, other) = (await InformerLoop.RunAsync(server, streamed, fields), await PlainLoop.RunAsync(server, streamed));
            Console.Error.WriteLine($"{way} {(round == 0 ? "warm-up" : $"{round}")}: {one} beside {other}");
            if (round > 0)
            {
                ours.Add(one);
                plain.Add(other);
            }
        }

        Add("informer", ours);
        Add("plain", plain);
        foreach (var part in new[] { "load", "events" })
        {
            figures[$"kube-{way}-{part}-ratio"] = Math.Round(
                figures[$"kube-{way}-{part}-informer"] / figures[$"kube-{way}-{part}-plain"], 2);
        }

        void Add(string side, List<Measurement> measured)
        {
            figures[$"kube-{way}-load-{side}"] = Math.Round(Median.Of(measured.Select(m => KubeServer.Objects / m.ListSeconds)));
            figures[$"kube-{way}-events-{side}"] = Math.Round(Median.Of(measured.Select(m => KubeServer.Changes / m.WatchSeconds)));
            figures[$"kube-{way}-bytes-{side}"] = Math.Round(Median.Of(measured.Select(m => (double)m.BytesHeld / KubeServer.Objects)));
        }
    }

    /// <summary>Megabytes resident in a new program that holds the endpoints and nothing else.</summary>
    private static async Task<double> EndpointsAsync(Uri server)
    {
        using var process = Start(EndpointCache.Verb, server.AbsoluteUri);
        var report = await process.StandardOutput.ReadLineAsync();
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Console.Error.WriteLine($"endpoints: {report} MB");
        return double.Parse(report!, CultureInfo.InvariantCulture);
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(KubeBenchmark).Assembly.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
