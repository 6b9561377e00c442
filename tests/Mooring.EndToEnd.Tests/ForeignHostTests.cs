using System.Text.Json;

namespace Mooring.EndToEnd.Tests;

public sealed class ForeignHostTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    [Theory]
    [InlineData("10.70.0.140")]
    [InlineData("fd00:70::140")]
    public async Task Address_UsedByAnotherMachine_IsToldInStatusAndEventAndStaysServed(string address)
    {
        var six = address.Contains(':', StringComparison.Ordinal);
        await Cluster.ApplyAsync(
            $$"""
            apiVersion: mooring.dev/v1alpha1
            kind: VirtualIp
            metadata: {name: wanted}
            spec:
              addresses: ["{{address}}"]
              ports: [{name: http, port: 80, backendPool: web, targetPort: 8080}]
            """);
        try
        {
            await Cluster.KubectlAsync("wait", "--for=condition=Ready", "vip/wanted", "--timeout=180s");
            var mac = await Cluster.MacOfAsync("client");

            if (six)
            {
                await Cluster.InAsync("client", "ip", "address", "add", $"{address}/64", "dev", "eth0", "nodad");
                await Cluster.InAsync("client", "ping", "-6", "-c1", "-W30", "-I", address, "fd00:70::5");
                await Cluster.InAsync("client", "ip", "address", "delete", $"{address}/64", "dev", "eth0");
            }
            else
            {
                // arping fails as nobody answers an announcement.
                await Cluster.InAsync("client", "sh", "-c", $"arping -U -c2 -i eth0 -S {address} {address} || true");
            }

            await SandboxCluster.UntilAsync("the status tells of it", async () =>
            {
                using var vip = await Cluster.VipAsync("wanted");
                return vip.RootElement.GetProperty("status").GetProperty("conditions").EnumerateArray()
                    .Any(one => Is(one, "type", "Uncontested") && Is(one, "reason", "ForeignHost")
                        && one.GetProperty("message").GetString()!.StartsWith(mac, StringComparison.Ordinal));
            });
            await SandboxCluster.UntilAsync("an Event tells of it", async () =>
                (await Cluster.KubectlAsync("get", "events")).Contains(
                    $"{mac}, which is no node of the cluster, uses {address}", StringComparison.Ordinal));
            await SandboxCluster.UntilAsync("it is served", async () =>
                (await Cluster.ProbeAsync("500ms", six ? $"http://[{address}]/" : $"http://{address}/")).Failures == 0);
        }
        finally
        {
            await Cluster.KubectlAsync("delete", "vip", "wanted");
        }
    }

    private static bool Is(JsonElement element, string name, string value) => element.GetProperty(name).GetString() == value;
}
