using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Mooring.Benchmarks.Scale;

/// <summary>The objects of a large cluster, made through the API server of a kubeconfig.</summary>
internal sealed class ScaleCluster : IDisposable
{
    public const int EndpointsPerPool = 10;
    private const string Pools = "/apis/mooring.dev/v1alpha1/namespaces/default/backendpools";
    private const string Vips = "/apis/mooring.dev/v1alpha1/namespaces/default/virtualips";
    private const string System = "/api/v1/namespaces/mooring-system";

    private readonly HttpClient _http;

    public ScaleCluster(string kubeconfig)
    {
        var file = File.ReadAllText(kubeconfig);
        string Field(string name) => Regex.Match(file, $@"^\s*{name}:\s*(\S+)", RegexOptions.Multiline, TimeSpan.FromSeconds(5)).Groups[1].Value;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(
            Encoding.ASCII.GetString(Convert.FromBase64String(Field("certificate-authority-data"))));
        _http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
            MaxConnectionsPerServer = 8,
        })
        {
            BaseAddress = new Uri(Field("server")),
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Field("token"));
    }

    public async Task CreateAsync(int nodes, int vips)
    {
        await PostAsync($"{System}/serviceaccounts", """{"metadata":{"name":"mooring-agent"}}""");
        await EachAsync(nodes, async i =>
        {
            var node = ScaleAgent.Node(i);
            await PostAsync("/api/v1/nodes", $$$"""{"metadata":{"name":"{{{node}}}"}}""");
            await SendAsync(HttpMethod.Patch, $"/api/v1/nodes/{node}/status", """{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""");
            await PostAsync($"{System}/pods", $$$"""
                {"metadata":{"name":"agent-{{{node}}}"},
                 "spec":{"nodeName":"{{{node}}}","serviceAccountName":"mooring-agent","containers":[{"name":"agent","image":"i"}]}}
                """);
        });
        await EachAsync(vips, async i =>
        {
            var endpoints = string.Join(',', Enumerable.Range(0, EndpointsPerPool)
                .Select(e => $$"""{"address":"10.{{101 + e}}.{{i / 250}}.{{1 + (i % 250)}}","port":8080}"""));
            await PostAsync(Pools, $$$"""
                {"apiVersion":"mooring.dev/v1alpha1","kind":"BackendPool","metadata":{"name":"web-{{{i}}}"},"spec":{"endpoints":[{{{endpoints}}}]}}
                """);
            await PostAsync(Vips, $$$"""
                {"apiVersion":"mooring.dev/v1alpha1","kind":"VirtualIp","metadata":{"name":"web-{{{i}}}"},
                 "spec":{"addresses":["10.100.{{{i / 250}}}.{{{1 + (i % 250)}}}"],"ports":[{"name":"http","port":80,"backendPool":"web-{{{i}}}"}]}}
                """);
        });
    }

    /// <summary>What the kubelet would put into the volume of a node's agent.</summary>
    public async Task<string> TokenAsync(int node) => (string)(await PostAsync(
        $"{System}/serviceaccounts/mooring-agent/token",
        $$$"""{"spec":{"audiences":["mooring"],"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"agent-{{{ScaleAgent.Node(node)}}}"} } }"""))["status"]!["token"]!;

    public async Task<string> AuthorityAsync()
    {
        using var response = await _http.GetAsync($"{System}/configmaps/mooring-ca");
        return response.IsSuccessStatusCode
            ? (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["data"]!["ca.crt"] ?? "" : "";
    }

    /// <summary>One endpoint of one pool gets another weight.</summary>
    public Task ChangeAsync(int pool, int weight) => SendAsync(
        HttpMethod.Patch,
        $"{Pools}/web-{pool}",
        $$$"""{"spec":{"endpoints":[{"address":"10.101.{{{pool / 250}}}.{{{1 + (pool % 250)}}}","port":8080,"weight":{{{weight}}}}]}}""");

    public void Dispose() => _http.Dispose();

    private static Task EachAsync(int count, Func<int, Task> make) => Parallel.ForAsync(
        0, count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) => await make(i));

    private Task<JsonNode> PostAsync(string path, string json) => SendAsync(HttpMethod.Post, path, json);

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await _http.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonNode.Parse(answer)! : throw new InvalidOperationException($"{method} {path}: {answer}");
    }
}
