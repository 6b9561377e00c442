using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;

[assembly: AssemblyFixture(typeof(Mooring.EndToEnd.Tests.SandboxCluster))]

namespace Mooring.EndToEnd.Tests;

/// <summary>
/// The whole product in a cluster in a box, shared by all tests: real programs, real packets, kubectl. Each test leaves
/// it whole again.
/// </summary>
public sealed class SandboxCluster : IAsyncLifetime
{
    public const string Vip = "10.70.0.100";

    /// <summary>Of its own where two runs share a machine.</summary>
    private static readonly string BaseName = Environment.GetEnvironmentVariable("MOORING_TEST_SANDBOX") ?? "check";

    /// <summary>For what surely comes, on a slow and busy machine too.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly string Root = FindRoot();
    private static readonly string Configuration = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/'))!);
    public static readonly string Program =
        Path.Combine(Root, "src/Mooring.Sandbox/bin", Configuration, "net10.0/mooring-sandbox.dll");

    private readonly string[] _up;
    private string _kubeconfig = "";

    public SandboxCluster()
        : this("", [])
    {
    }

    private SandboxCluster(string suffix, string[] up)
    {
        Name = BaseName + suffix;
        _up = up;
    }

    public string Name { get; }

    /// <summary>Why there is no cluster here, or null.</summary>
    public string? Missing { get; private set; }

    public static string Manifest(string name) => Path.Combine(Root, "manifests/examples", name);

    public async ValueTask InitializeAsync()
    {
        Missing = !Environment.IsPrivilegedProcess ? "needs root for network namespaces"
            : Kubectl is null ? "needs kubectl: source scripts/lib/kubectl.sh"
            : null;
        if (Missing is not null)
        {
            return;
        }

        await SandboxAsync("down");
        await SandboxAsync(["up", .. _up]);
        using var status = JsonDocument.Parse(await SandboxAsync("status", "--json"));
        _kubeconfig = status.RootElement.GetProperty("kubeconfig").GetString()!;
        await KubectlAsync("apply", "-f", Manifest("web.yaml"));
        await KubectlAsync("wait", "--for=condition=Ready", "vip/web", "--timeout=180s");
        if (_up.Length == 0)
        {
            await HealthyAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Missing is null)
        {
            await SandboxAsync("down");
        }
    }

    /// <summary>A cluster of its own for one test, beside the shared one, without waiting for it to be whole.</summary>
    /// <param name="suffix">A letter, for its name.</param>
    /// <param name="up">Options of <c>mooring-sandbox up</c>.</param>
    internal static async Task<SandboxCluster> StartAsync(string suffix, params string[] up)
    {
        var cluster = new SandboxCluster(suffix, up);
        await cluster.InitializeAsync();
        return cluster;
    }

    /// <summary>Process of the node's agent.</summary>
    public async Task<int> AgentOfAsync(string node)
    {
        using var status = JsonDocument.Parse(await SandboxAsync("status", "--json"));
        return status.RootElement.GetProperty("nodes").EnumerateArray()
            .Single(one => one.GetProperty("name").GetString() == node)
            .GetProperty("agent").GetProperty("processId").GetInt32();
    }

    /// <summary>Sends a signal and returns the time right after.</summary>
    public static async Task<DateTimeOffset> SignalAsync(int process, string signal)
    {
        await RunAsync("kill", [$"-{signal}", process.ToString(System.Globalization.CultureInfo.InvariantCulture)], null);
        return TimeProvider.System.GetUtcNow();
    }

    /// <summary>Who answers for each address of a VirtualIp; "" for nobody.</summary>
    public async Task<IReadOnlyDictionary<string, string>> HoldersAsync(string name)
    {
        using var vip = await VipAsync(name);
        return vip.RootElement.TryGetProperty("status", out var status) && status.TryGetProperty("holders", out var holders)
            ? holders.EnumerateArray().ToDictionary(
                one => one.GetProperty("address").GetString()!,
                one => one.TryGetProperty("node", out var node) ? node.GetString()! : "")
            : new Dictionary<string, string>();
    }

    /// <summary>Where the sandbox keeps an agent's state.</summary>
    public string StateOf(string node) => Path.Combine(Path.GetDirectoryName(_kubeconfig)!, "state", node);

    /// <summary>Waits until the address is held and all six backends take connections.</summary>
    public Task HealthyAsync() => UntilAsync("web is held with 6 of 6 backends and 2 standbys", async () =>
    {
        using var vip = await VipAsync();
        var status = vip.RootElement.GetProperty("status");
        return status.TryGetProperty("holder", out _)
            && status.GetProperty("readyBackends").GetString() == "6/6"
            && status.GetProperty("candidates").EnumerateArray().Count(one =>
                one.GetProperty("eligible").GetBoolean() && one.GetProperty("reason").GetString() != "AgentAway") == 3;
    });

    public async Task<string> HolderAsync()
    {
        using var vip = await VipAsync();
        return vip.RootElement.GetProperty("status").TryGetProperty("holder", out var holder) ? holder.GetString()! : "";
    }

    public async Task<JsonDocument> VipAsync(string name = "web") =>
        JsonDocument.Parse(await KubectlAsync("get", "vip", name, "-o", "json"));

    public Task<string> KubectlAsync(params string[] arguments) => KubectlWithInputAsync(null, arguments);

    /// <summary>Applies YAML; a refusal throws with kubectl's words.</summary>
    public Task<string> ApplyAsync(string yaml) => KubectlWithInputAsync(yaml, "apply", "-f", "-");

    /// <summary>The API server without kubectl, for more requests a second than kubectl makes.</summary>
    public async Task<HttpClient> ApiAsync()
    {
        var file = await File.ReadAllTextAsync(_kubeconfig);
        string Field(string name) => Regex.Match(file, $@"^\s*{name}:\s*(\S+)", RegexOptions.Multiline).Groups[1].Value;
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPem(
            System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(Field("certificate-authority-data"))));
        var client = new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } })
        {
            BaseAddress = new Uri(Field("server")),
        };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Field("token"));
        return client;
    }

    /// <summary>What kubectl says when it is refused.</summary>
    public async Task<string> RefusalAsync(string yaml) =>
        (await Should.ThrowAsync<InvalidOperationException>(() => ApplyAsync(yaml))).Message;

    public Task<string> SandboxAsync(params string[] arguments) =>
        RunAsync("dotnet", [Program, arguments[0], .. arguments.Skip(1), "--name", Name], null);

    /// <summary>kubectl mooring, where both the API server and the addresses can be reached.</summary>
    public Task<string> MooringAsync(params string[] arguments) => InAsync(
        "control",
        ["dotnet", Path.Combine(Root, "src/Mooring.Cli/bin", Configuration, "net10.0/kubectl-mooring.dll"), .. arguments,
            "--kubeconfig", Path.Combine(Path.GetDirectoryName(_kubeconfig)!, "control.kubeconfig")]);

    /// <summary>Runs a program in the network of "client" or a node; fails with its words.</summary>
    public Task<string> InAsync(string place, params string[] command) =>
        RunAsync("ip", ["netns", "exec", $"mr-{Name}-{place}", .. command], null);

    public Process StartIn(string place, params string[] command) =>
        Process.Start(Info("ip", ["netns", "exec", $"mr-{Name}-{place}", .. command]))!;

    /// <summary>The client asks every 5 ms on a new connection for as long as this takes.</summary>
    public async Task<Probe> ProbeAsync(string duration = "2s", string url = $"http://{Vip}/")
    {
        return Read(await InAsync("client", "dotnet", Program, "probe", "--url", url, "--duration", duration, "--json"));
    }

    /// <summary>The client asks every <paramref name="interval"/> from a while before <paramref name="action"/> until it is done.</summary>
    public async Task<Probe> ProbeDuringAsync(
        Func<Task> action, string interval = "5ms", string timeout = "900ms", string address = Vip)
    {
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        using var client = StartIn(
            "client", "dotnet", Program, "probe", "--url", $"http://{host}/", "--interval", interval, "--timeout", timeout, "--duration", "0",
            "--json");
        var output = client.StandardOutput.ReadToEndAsync();
        try
        {
            await UntilAsync("a client asks", async () => (await InAsync("client", "ss", "-Htan", "dst", host)).Length > 0);
            await action();
        }
        finally
        {
            await RunAsync("kill", ["-TERM", $"{client.Id}"], null);
        }

        return Read(await output);
    }

    private static Probe Read(string json)
    {
        using var report = JsonDocument.Parse(json);
        var root = report.RootElement;
        return new Probe(
            root.GetProperty("requests").GetInt32(),
            root.GetProperty("failures").GetInt32(),
            root.GetProperty("longestOutageMilliseconds").GetDouble(),
            root.GetProperty("pods").EnumerateObject().ToDictionary(pod => pod.Name, pod => pod.Value.GetInt32()))
        {
            Words = json,
        };
    }

    public async Task<string> MacOfAsync(string node) => (await InAsync(node, "cat", "/sys/class/net/eth0/address")).Trim();

    public static Task UntilAsync(string what, Func<Task<bool>> condition) =>
        UntilAsync(what, Patience, condition);

    public static async Task UntilAsync(string what, TimeSpan atMost, Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(atMost);
        while (!await condition())
        {
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"never seen within {atMost.TotalSeconds} s: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    private static string? Kubectl { get; } =
        new[]
        {
            Environment.GetEnvironmentVariable("KUBECTL"),
            Path.Combine(
                Environment.GetEnvironmentVariable("XDG_CACHE_HOME")
                    ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
                "mooring/bin/kubectl"),
        }.FirstOrDefault(File.Exists);

    private Task<string> KubectlWithInputAsync(string? input, params string[] arguments) =>
        RunAsync(Kubectl!, ["--kubeconfig", _kubeconfig, .. arguments], input);

    private static async Task<string> RunAsync(string program, string[] arguments, string? input)
    {
        using var process = Process.Start(Info(program, arguments))!;
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
        }

        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await error}{output}");
    }

    private static ProcessStartInfo Info(string program, string[] arguments)
    {
        var info = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        return info;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("the tests run outside their repository");
    }

    public sealed record Probe(int Requests, int Failures, double OutageMillis, IReadOnlyDictionary<string, int> Pods)
    {
        /// <summary>All that the client saw.</summary>
        public string Words { get; init; } = "";
    }
}
