using System.Diagnostics;
using System.Globalization;
using k8s.Models;
using Mooring.Api.V1Alpha1;

namespace Mooring.Controller.Tests.Integration;

/// <summary>The controller as a program of its own, in a cluster with many endpoints.</summary>
public sealed class ControllerMemoryTests(ITestOutputHelper output)
{
    private const int Slices = 1000;
    private const int EndpointsEach = 100;
    private const int LimitMegabytes = 400;

    [Fact]
    public async Task Run_HundredThousandEndpoints_StaysUnder400Megabytes()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var cluster = await TestCluster.StartAsync();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Slices),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
            async (i, token) => await cluster.Client.CreateAsync(Slice(i), token));
        await cluster.ApplyAsync("""
            apiVersion: mooring.dev/v1alpha1
            kind: BackendPool
            metadata: {name: web}
            spec:
              selector: {app: web}
              healthCheck: {type: TCP, port: 8080}
            """);
        using var controller = Start(cluster.Kubeconfig);
        try
        {
            // Status is written only once every cache holds its list.
            await Until.TrueAsync(
                async () => (await cluster.Client.GetAsync<V1Alpha1BackendPool>("web", "default", cancellationToken))
                    ?.Status is not null,
                () => "status of the pool");
            var first = Resident(controller);

            // Every slice changes once, as when a version is rolled out.
            await Parallel.ForEachAsync(
                Enumerable.Range(0, Slices),
                new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
                async (i, token) => await cluster.Client.PatchAsync<V1EndpointSlice>(
                    new V1Patch("""{"metadata":{"labels":{"round":"2"}}}""", V1Patch.PatchType.MergePatch),
                    $"svc-{i}", "default", cancellationToken: token));
            var second = Resident(controller);

            output.WriteLine($"{Slices * EndpointsEach} endpoints: {first} MB resident, {second} MB after each slice changed");
            first.ShouldBeLessThan(LimitMegabytes);
            second.ShouldBeLessThan(LimitMegabytes);
        }
        finally
        {
            controller.Kill();
            await controller.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static V1EndpointSlice Slice(int number) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = $"svc-{number}",
            NamespaceProperty = "default",
            Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = $"svc-{number}" },
        },
        AddressType = "IPv4",
        Ports = [new Discoveryv1EndpointPort { Name = "http", Port = 8080, Protocol = "TCP" }],
        Endpoints =
        [
            .. Enumerable.Range(number * EndpointsEach, EndpointsEach).Select(i => new V1Endpoint
            {
                Addresses = [$"10.{i / 65536}.{i / 256 % 256}.{i % 256}"],
                Conditions = new V1EndpointConditions { Ready = true, Serving = true, Terminating = false },
                NodeName = $"node-{i % 100}",
                TargetRef = new V1ObjectReference
                {
                    Kind = "Pod",
                    NamespaceProperty = "default",
                    Name = $"web-6d4b75cb6d-{i:d6}",
                    Uid = $"{i:x8}-2222-4e3f-8a9b-0123456789ab",
                },
            }),
        ],
    };

    private static Process Start(string kubeconfig)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = false,
        };
        foreach (var argument in new[]
        {
            Path.Combine(AppContext.BaseDirectory, "mooring-controller.dll"), "run", "--kubeconfig", kubeconfig,
            "--listen", "http://127.0.0.1:0", "--insecure", "--leader-elect", "false", "--log-level", "Warning",
        })
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static int Resident(Process process)
    {
        var line = File.ReadLines($"/proc/{process.Id}/status")
            .Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return int.Parse(line.Split(' ')[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
