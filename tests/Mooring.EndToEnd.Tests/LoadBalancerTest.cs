namespace Mooring.EndToEnd.Tests;

/// <summary>Services with addresses of a pool, each test from a cluster without any.</summary>
public abstract class LoadBalancerTest(SandboxCluster cluster) : SandboxTest(cluster)
{
    /// <summary>The first IPv4 and the first IPv6 address of the pool.</summary>
    protected const string Address = "10.70.0.150";

    protected const string AddressV6 = "fd00:70::150";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Cluster.ApplyAsync("""
            apiVersion: mooring.dev/v1alpha1
            kind: AddressPool
            metadata: {name: public}
            spec: {addresses: ["10.70.0.150-10.70.0.159", "fd00:70::150-fd00:70::15f"]}
            """);
    }

    public override async ValueTask DisposeAsync()
    {
        await Cluster.KubectlAsync("delete", "services", "-l", "suite=lb", "--wait=true", "--timeout=180s");
        await Cluster.KubectlAsync("delete", "addresspools", "--all");
        await base.DisposeAsync();
    }

    /// <param name="more">More of the metadata.</param>
    /// <param name="spec">More of the spec, a field to a line.</param>
    protected static string Service(string name, int port = 80, string more = "annotations: {}", string spec = "") => $$"""
        apiVersion: v1
        kind: Service
        metadata:
          name: {{name}}
          labels: {suite: lb}
          {{more}}
        spec:
          type: LoadBalancer
          loadBalancerClass: mooring.dev/vip
          selector: {app: web}
          ports: [{name: http, port: {{port}}, targetPort: 8080}]
        {{string.Concat(spec.Split('\n').Select(line => $"  {line}\n"))}}
        """;

    protected Task PatchAsync(string name, string patch) =>
        Cluster.KubectlAsync("patch", "service", name, "--type=merge", "-p", patch);

    protected Task ConnectAsync(string address, int port) => SandboxCluster.UntilAsync(
        $"{address}:{port} answers", () => TryConnectAsync(address, port));

    protected Task RefusedAsync(string address, int port) => SandboxCluster.UntilAsync(
        $"{address}:{port} answers no more", async () => !await TryConnectAsync(address, port));

    private async Task<bool> TryConnectAsync(string address, int port)
    {
        var said = await Cluster.InAsync(
            "client", "bash", "-c", $"timeout 2 bash -c 'exec 3<>/dev/tcp/{address}/{port}' 2>/dev/null && echo open || echo closed");
        return said.Contains("open", StringComparison.Ordinal);
    }
}
