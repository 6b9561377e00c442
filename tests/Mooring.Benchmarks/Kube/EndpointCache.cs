using System.Globalization;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;

namespace Mooring.Benchmarks.Kube;

/// <summary>A program that caches every EndpointSlice as the controller does, and says how much memory it takes.</summary>
internal static class EndpointCache
{
    public const string Verb = "kube-endpoints";

    public static async Task<int> RunAsync(Uri server)
    {
        using var stop = new CancellationTokenSource();
        using var client = new KubernetesClient(new KubernetesClientConfiguration { Host = server });
        using var informer = new Informer<V1EndpointSlice>(
            client,
            new InformerOptions { Fields = ObjectFields.Modelled },
            TimeProvider.System,
            NullLogger<Informer<V1EndpointSlice>>.Instance);
        var running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(stop.Token);
        if (informer.Store.List().Sum(slice => slice.Endpoints!.Count) != EndpointSlices.Slices * EndpointSlices.EndpointsEach)
        {
            throw new InvalidOperationException("not all endpoints are there");
        }

        var status = await File.ReadAllLinesAsync("/proc/self/status", stop.Token);
        var kilobytes = status.Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ')[^2];
        Console.WriteLine(Math.Round(double.Parse(kilobytes, CultureInfo.InvariantCulture) / 1024));
        await stop.CancelAsync();
        await running;
        return 0;
    }
}
