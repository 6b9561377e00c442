using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Kept;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks;

/// <summary>What an agent knows of dead endpoints when it starts again, before it has checked any.</summary>
public sealed class VerdictKeeperTests : IDisposable
{
    private const string SetId = "default/web:80";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Nobody listens there.</summary>
    private static readonly IPEndPoint Dead = new(IPAddress.Parse("127.0.9.1"), 1);

    /// <summary>Its checks come when they are asked for.</summary>
    private static readonly HealthCheckIntent Check = new() { Type = HealthCheckType.Tcp, Interval = TimeSpan.FromHours(1) };

    private readonly TemporaryDirectory _folder = new();
    private readonly ListLogger<VerdictKeeper> _logger = new(LogLevel.Information);

    private string Path => _folder.File("state/verdicts");

    [Fact]
    public async Task Restore_EndpointWasUnhealthy_IsSoBeforeItsFirstCheck()
    {
        var verdict = await FailAsync();

        using var checks = Start(Check);

        checks.IsHealthy(SetId, Dead).ShouldBe(false);
        checks.Verdicts().ShouldHaveSingleItem().Verdict.ShouldBe(verdict);
        File.GetUnixFileMode(Path).ShouldBe(OwnerOnly);
    }

    [Fact]
    public async Task Restore_RulesChangedMeanwhile_IsNotBelieved()
    {
        await FailAsync();

        using var checks = Start(Check with { Path = "/other" });

        checks.IsHealthy(SetId, Dead).ShouldBeNull();
    }

    [Fact]
    public async Task Restore_AwayForLong_IsNotBelieved()
    {
        await FailAsync();
        File.SetLastWriteTimeUtc(Path, File.GetLastWriteTimeUtc(Path) - KeptVerdicts.MaxAge);

        using var checks = Start(Check);

        checks.IsHealthy(SetId, Dead).ShouldBeNull();
        _logger.Lines.ShouldContain(line => line.Contains("not believed any more"));
    }

    [Fact]
    public async Task Restore_FileCutShort_IsReportedAndEverythingPresumedHealthy()
    {
        await FailAsync();
        var text = await File.ReadAllTextAsync(Path, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path, text[..^10], TestContext.Current.CancellationToken);

        using var checks = Start(Check);

        checks.IsHealthy(SetId, Dead).ShouldBeNull();
        _logger.Lines.ShouldContain(line => line.Contains("cannot be used"));
    }

    [Fact]
    public async Task Write_NoEndpointUnhealthyAnyMore_FileIsGone()
    {
        await FailAsync();
        using var checks = Start(Check);
        using var keeper = Keeper(checks);
        await keeper.StartAsync(CancellationToken.None);

        checks.ApplySnapshot(Snapshot(Check) with { BackendSets = [] });
        await keeper.StopAsync(CancellationToken.None);

        File.Exists(Path).ShouldBeFalse();
    }

    [Fact]
    public void Format_MoreThanAFileTakes_KeepsThoseThatFailedLast()
    {
        var start = new DateTimeOffset(2026, 11, 3, 0, 0, 0, TimeSpan.Zero);
        var verdicts = Enumerable.Range(0, KeptVerdictFile.MaxVerdicts + 1)
            .Select(number => new KeptVerdict(SetId, new IPEndPoint(number, 80), "rules", start.AddSeconds(number), "„nein“\\"))
            .ToArray();

        KeptVerdictFile.Parse(KeptVerdictFile.Format(verdicts)).ShouldBe(verdicts.Skip(1).Reverse());
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>An agent that finds the endpoint dead, and ends.</summary>
    private async Task<HealthVerdict> FailAsync()
    {
        using var checks = Start(Check);
        using var keeper = Keeper(checks);
        await checks.StartAsync(CancellationToken.None);
        await keeper.StartAsync(CancellationToken.None);
        checks.Suspect(SetId, Dead);
        await Eventually.HoldsAsync(() => File.Exists(Path), "the verdict is on disk");
        var verdict = checks.Verdicts().ShouldHaveSingleItem().Verdict;
        verdict.Reason.ShouldBe($"connection refused by {Dead}");
        await keeper.StopAsync(CancellationToken.None);
        await checks.StopAsync(CancellationToken.None);
        return verdict;
    }

    /// <summary>An agent that begins: all it knows is what it was given.</summary>
    private HealthCheckService Start(HealthCheckIntent check)
    {
        var checks = new HealthCheckService(
            "node-1", new HealthProbes(null, ProbeSource.Any, TimeProvider.System), new HealthCheckMetrics(new Speaker.SpeakerLabMeters()),
            TimeProvider.System, NullLogger<HealthCheckService>.Instance);
        Keeper(checks).Restore();
        checks.ApplySnapshot(Snapshot(check));
        return checks;
    }

    private VerdictKeeper Keeper(HealthCheckService checks) => new(Path, checks, TimeProvider.System, _logger);

    private static ClusterSnapshot Snapshot(HealthCheckIntent check) => new()
    {
        Revision = 1,
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100"), Candidates = ["node-1"] }],
                Ports = [new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = SetId }],
            },
        ],
        BackendSets =
        [
            new BackendSet
            {
                Id = SetId,
                Pool = new NamespacedName("default", "web"),
                HealthCheck = check,
                Backends = [new Backend { Address = Dead.Address, Port = (ushort)Dead.Port, Condition = BackendCondition.Ready }],
            },
        ],
    };
}
