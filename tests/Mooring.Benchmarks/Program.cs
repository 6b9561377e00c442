using Mooring.Benchmarks.Heartbeat;
using System.Globalization;
using Mooring.Benchmarks.Health;
using Mooring.Benchmarks.Kube;
using Mooring.Benchmarks.Scale;
using Mooring.Benchmarks.Sync;

// The programs behind scripts/bench.sh; figures go to standard output as JSON, progress to standard error.
return args switch
{
    ["heartbeat", .. var rest] => await HeartbeatBenchmark.RunAsync(rest),
    ["kube", .. var rest] => await KubeBenchmark.RunAsync(rest),
    ["scale", .. var rest] => await ScaleBenchmark.RunAsync(rest),
    [KubeServer.Verb, .. var rest] => await KubeServer.RunAsync(rest),
    [EndpointCache.Verb, var server] => await EndpointCache.RunAsync(new Uri(server)),
    [HealthAgent.Verb, var type, var count, var port] => await HealthAgent.RunAsync(
        type, int.Parse(count, CultureInfo.InvariantCulture), int.Parse(port, CultureInfo.InvariantCulture)),
    [SyncBenchmark.Verb, var services, var changes] => await SyncBenchmark.RunAsync(
        int.Parse(services, CultureInfo.InvariantCulture), int.Parse(changes, CultureInfo.InvariantCulture)),
    [SyncProbe.Verb, var client, var pod, var services] => SyncProbe.Run(
        client, pod, int.Parse(services, CultureInfo.InvariantCulture)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: Mooring.Benchmarks heartbeat|kube [--quick]");
    return 2;
}
