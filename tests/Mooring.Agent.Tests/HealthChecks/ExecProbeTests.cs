using System.Net;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks;

public sealed class ExecProbeTests : ProbeTestBase
{
    private static readonly IPEndPoint EndPoint = new(IPAddress.Parse("10.71.2.3"), 8080);

    [Fact]
    public async Task Exec_StatusZero_Passes()
    {
        Write("check", "[ \"$1 $2\" = '10.71.2.3 a;b' ] && [ $MOORING_PORT = 8080 ] && [ -z \"$HOME\" ]");

        (await RunAsync("{address}", "a;b")).ShouldBe(ProbeOutcome.Passed);
    }

    [Fact]
    public async Task Exec_OtherStatus_SaysWhatTheProgramSaid()
    {
        Write("check", "echo 'replication is 40 s behind' >&2; exit 3");

        (await RunAsync()).ShouldBe(ProbeOutcome.Failed("check ended with status 3: replication is 40 s behind"));
    }

    [Fact]
    public async Task Exec_DoesNotEnd_IsKilledAtTheTimeout()
    {
        Write("check", "exec sleep 60");

        (await RunAsync(TimeSpan.FromMilliseconds(300))).ShouldBe(ProbeOutcome.Failed("check did not end within 300ms"));
    }

    [Fact]
    public async Task Exec_EndlessOutput_IsReadAndForgotten()
    {
        Write("check", "yes 2>/dev/null | head -c 20000000; exit 1");

        (await RunAsync()).ShouldBe(ProbeOutcome.Failed("check ended with status 1: y"));
    }

    [Fact]
    public async Task Exec_TooMuchMemory_Fails()
    {
        // Begins late enough for the limit to be in force.
        Write("check", "sleep 1; exec /usr/bin/head -c 2000000000 /dev/zero | tail -n 1 | wc -c", "set -o pipefail");

        (await RunAsync()).Success.ShouldBeFalse();
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("../check")]
    [InlineData("/bin/true")]
    public async Task Exec_NoSuchProgram_IsNotRun(string program)
    {
        var check = Check(HealthCheckType.Exec) with { Exec = new ExecCheckIntent { Program = program } };

        (await ProbeAsync(check, EndPoint)).Success.ShouldBeFalse();
    }

    [Fact]
    public async Task Exec_NoDirectory_SaysWhatToDo()
    {
        var target = new HealthCheckTarget(
            "default/web:80", EndPoint, Check(HealthCheckType.Exec) with { Exec = new ExecCheckIntent { Program = "check" } });

        (await new HealthProbes(null, ProbeSource.Any, TimeProvider.System).For(HealthCheckType.Exec)
            .ProbeAsync(target, TestContext.Current.CancellationToken))
            .ShouldBe(ProbeOutcome.Failed("this node's agent runs no programs: start it with --check-directory"));
    }

    private Task<ProbeOutcome> RunAsync(params string[] arguments) => RunAsync(TimeSpan.FromMinutes(1), arguments);

    private Task<ProbeOutcome> RunAsync(TimeSpan timeout, params string[] arguments) => ProbeAsync(
        Check(HealthCheckType.Exec) with { Timeout = timeout, Exec = new ExecCheckIntent { Program = "check", Arguments = [.. arguments] } },
        EndPoint);

    private void Write(string name, string script, string before = "")
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, $"#!/bin/bash\n{before}\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
