using System.Diagnostics;
using System.Globalization;
using Mooring.Linux.Namespaces;
using Mooring.Linux.Processes;
using Mooring.Sandbox.Lifetime;
using Mooring.Sandbox.Network;
using Mooring.Sandbox.Processes;

namespace Mooring.Sandbox.Tests.Lifetime;

/// <summary>The program itself, as a user runs it, in a sandbox without controller and agents.</summary>
public sealed class DaemonLifetimeTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SandboxName _name = SandboxName.Parse("sbtlife");
    private readonly SandboxPaths _paths;

    public DaemonLifetimeTests() => _paths = new SandboxPaths(_name);

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for network namespaces");
        await RunAsync("down");
    }

    public async ValueTask DisposeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("down");
        }
    }

    [Fact]
    public async Task UpAndDown_Bare_LeavesNothingBehind()
    {
        var up = await RunAsync("up", "--bare");
        up.Status.ShouldBe(0, up.Error);
        up.Output.ShouldContain($"export KUBECONFIG={_paths.Kubeconfig}");
        File.Exists(_paths.Kubeconfig).ShouldBeTrue();

        var again = await RunAsync("up", "--bare");
        again.Status.ShouldBe(1);
        again.Error.ShouldContain("is up already");

        var status = await RunAsync("status", "--json");
        status.Output.ShouldContain("\"web-6\"");

        var down = await RunAsync("down");
        down.Output.ShouldContain("is down");
        ShouldBeGone();
        (await RunAsync("down")).Output.ShouldContain("was not up");
        (await RunAsync("status")).Error.ShouldContain("is not up: start it with `mooring-sandbox up`");
    }

    [Fact]
    public async Task Verbs_OnARunningSandbox_DoWhatTheySay()
    {
        (await RunAsync("up", "--bare")).Status.ShouldBe(0);

        (await RunAsync("pod", "add", "extra", "node-2")).Status.ShouldBe(0);
        (await ExecAsync("extra", "curl", "-s", "http://10.71.1.2:8080/")).Output.ShouldContain("\"pod\":\"web-1\"");
        (await RunAsync("pod", "add", "extra", "node-2")).Error.ShouldContain("pod extra exists");
        (await RunAsync("pod", "add", "Bad!", "node-2")).Error.ShouldContain("cannot name a pod");
        (await RunAsync("pod", "remove", "extra")).Status.ShouldBe(0);
        (await ExecAsync("extra", "true")).Error.ShouldContain("has no 'extra': it has");

        (await RunAsync("pod", "fail", "web-1")).Status.ShouldBe(0);
        (await ExecAsync("client", "sh", "-c", "exit 7")).Status.ShouldBe(7);
        (await ExecAsync("node-1", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://10.71.1.2:8080/healthz"))
            .Output.ShouldBe("503");
        (await RunAsync("pod", "heal", "nobody")).Error.ShouldContain("there is no pod 'nobody': there are web-1, ");

        (await RunAsync("node", "cut", "node-1")).Status.ShouldBe(0);
        (await ExecAsync("node-1", "cat", "/sys/class/net/eth0/carrier")).Output.Trim().ShouldBe("0");
        (await RunAsync("node", "heal", "node-1")).Status.ShouldBe(0);
        (await RunAsync("node", "cut", "--silent", "node-1")).Status.ShouldBe(0);
        (await ExecAsync("node-1", "cat", "/sys/class/net/eth0/carrier")).Output.Trim().ShouldBe("1");
        (await ExecAsync("client", "curl", "-s", "--max-time", "0.3", "http://10.70.0.11:1/")).Status.ShouldBe(28);
        (await RunAsync("node", "heal", "node-1")).Status.ShouldBe(0);
        (await ExecAsync("client", "curl", "-s", "--max-time", "5", "http://10.70.0.11:1/")).Status.ShouldBe(7);
        (await RunAsync("node", "kill", "node-1")).Error.ShouldContain("runs without agents");
    }

    [Fact]
    public async Task DaemonKilled_EverythingGoesByItself()
    {
        (await RunAsync("up", "--bare")).Status.ShouldBe(0);
        var daemon = int.Parse(await File.ReadAllTextAsync(_paths.ProcessIdFile), CultureInfo.InvariantCulture);

        ProcessSignal.Send(daemon, Signal.Kill);

        await WaitUntilAsync(() => !Directory.Exists(_paths.Directory));
        ShouldBeGone();
        (await RunAsync("up", "--bare")).Status.ShouldBe(0);
    }

    [Fact]
    public async Task Up_AfterLeftOvers_RemovesThem()
    {
        using (NetworkNamespace.Create(_name.Namespace("node-1")))
        {
            Directory.CreateDirectory(_paths.Logs);
        }

        (await RunAsync("up", "--bare")).Status.ShouldBe(0);
    }

    private void ShouldBeGone()
    {
        NetworkNamespace.List(_name.NamespacePrefix).ShouldBeEmpty();
        Directory.Exists(_paths.Directory).ShouldBeFalse();
    }

    private Task<Outcome> ExecAsync(string place, params string[] command) =>
        StartAsync(["exec", "--name", _name.Value, place, "--", .. command]);

    private Task<Outcome> RunAsync(params string[] arguments) => StartAsync([.. arguments, "--name", _name.Value]);

    private static async Task<Outcome> StartAsync(IEnumerable<string> arguments)
    {
        var program = ProgramLocator.Default.Self();
        var start = new ProcessStartInfo(program[0])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in program.Skip(1).Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return new Outcome(process.ExitCode, await output, await error);
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(Patience);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private sealed record Outcome(int Status, string Output, string Error);
}
