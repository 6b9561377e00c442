using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Mooring.Sandbox.Tests.KubeApi;

namespace Mooring.Sandbox.Tests.KubeApi.Storage;

/// <summary>The program itself, killed at random moments while it is written to.</summary>
public sealed partial class CrashTests : IDisposable
{
    private const int Rounds = 8;
    private const int Writers = 4;

    private readonly string _path = Directory.CreateTempSubdirectory("mooring-crash-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public async Task Kill_AtAnyMoment_LosesNoAcknowledgedWrite()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var acknowledged = new Dictionary<string, string?>(StringComparer.Ordinal);
        var lastVersion = 0L;
        for (var round = 0; round < Rounds; round++)
        {
            using var server = await StartAsync();
            using var client = Connect();
            await CheckAsync(client, acknowledged);
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => WriteAsync(client, $"r{round}w{w}", acknowledged))
                .Append(KillAsync(server, TimeSpan.FromMilliseconds(random.Next(50, 600)))));
        }

        using var last = await StartAsync();
        using var reader = Connect();
        lastVersion = await CheckAsync(reader, acknowledged);
        lastVersion.ShouldBeGreaterThan(Rounds * 1_000_000L, "no version is used twice after a crash");
        acknowledged.Count.ShouldBeGreaterThan(Rounds * Writers);
        await KillAsync(last, TimeSpan.Zero);
    }

    /// <summary>Creates, changes and deletes until the server is gone, noting what it answered for.</summary>
    private static async Task WriteAsync(HttpClient client, string writer, Dictionary<string, string?> acknowledged)
    {
        const string Maps = "api/v1/namespaces/default/configmaps";
        try
        {
            for (var i = 0; ; i++)
            {
                var name = $"{writer}-{i}";
                await SendAsync(HttpMethod.Post, Maps, $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{"v":"1"}}""", "application/json");
                Note(name, "1");
                if (i % 3 == 1)
                {
                    Forget(name);
                    await SendAsync(HttpMethod.Patch, $"{Maps}/{name}", """{"data":{"v":"2"}}""", "application/merge-patch+json");
                    Note(name, "2");
                }
                else if (i % 3 == 2)
                {
                    Forget(name);
                    await SendAsync(HttpMethod.Delete, $"{Maps}/{name}", null, "application/json");
                    Note(name, null);
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // Killed; what was under way may have come about or not.
        }

        async Task SendAsync(HttpMethod method, string path, string? body, string type)
        {
            using var request = new HttpRequestMessage(method, path);
            request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, type);
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            answer.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {answer.StatusCode}");
        }

        void Note(string name, string? value)
        {
            lock (acknowledged)
            {
                acknowledged[name] = value;
            }
        }

        // Between a write and its answer both states are right.
        void Forget(string name)
        {
            lock (acknowledged)
            {
                acknowledged.Remove(name);
            }
        }
    }

    private static async Task<long> CheckAsync(HttpClient client, Dictionary<string, string?> acknowledged)
    {
        var text = await client.GetStringAsync("api/v1/namespaces/default/configmaps", TestContext.Current.CancellationToken);
        var list = System.Text.Json.Nodes.JsonNode.Parse(text)!;
        var stored = list["items"]!.AsArray().ToDictionary(i => (string)i!["metadata"]!["name"]!, i => (string?)i!["data"]?["v"]);
        foreach (var (name, value) in acknowledged)
        {
            stored.GetValueOrDefault(name).ShouldBe(value, name);
        }

        return long.Parse((string)list["metadata"]!["resourceVersion"]!);
    }

    private async Task<Process> StartAsync()
    {
        var kubeconfig = Path.Combine(_path, "kubeconfig");
        File.Delete(kubeconfig);
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "mooring-sandbox.dll"), "apiserver", "run", "--data", Path.Combine(_path, "data"), "--kubeconfig", kubeconfig])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        await Eventually.HoldsAsync(() => Task.FromResult(File.Exists(kubeconfig) || process.HasExited));
        process.HasExited.ShouldBeFalse(process.HasExited ? await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken) : "");
        return process;
    }

    private HttpClient Connect()
    {
        var kubeconfig = File.ReadAllText(Path.Combine(_path, "kubeconfig"));
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        var client = new HttpClient(handler) { BaseAddress = new Uri(Server().Match(kubeconfig).Groups[1].Value + "/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token().Match(kubeconfig).Groups[1].Value);
        return client;
    }

    private static async Task KillAsync(Process server, TimeSpan after)
    {
        await Task.Delay(after, TimeProvider.System, TestContext.Current.CancellationToken);
        server.Kill();
        await server.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("server: (\\S+)")]
    private static partial Regex Server();

    [GeneratedRegex("token: (\\S+)")]
    private static partial Regex Token();
}
