using System.Collections.Concurrent;
using k8s.Models;
using Mooring.Kubernetes.LeaderElection;
using Mooring.Kubernetes.Runtime;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.LeaderElection;

public sealed class LeaderElectorTests : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    private readonly FakeCluster _cluster = new();
    private readonly ManualTimeProvider _time = new();
    private readonly List<Candidate> _candidates = [];

    public async ValueTask DisposeAsync()
    {
        _cluster.Before = (_, _) => Task.CompletedTask;
        foreach (var candidate in _candidates)
        {
            await candidate.DisposeAsync();
        }
    }

    [Fact]
    public async Task Run_NoLease_CreatesItAndLeads()
    {
        var a = Start("a");

        await Eventually.TrueAsync(() => a.Leading);

        a.Elector.IsLeader.ShouldBeTrue();
        a.Elector.LeaderIdentity.ShouldBe("a");
        var spec = Lease().Spec!;
        spec.HolderIdentity.ShouldBe("a");
        spec.LeaseDurationSeconds.ShouldBe(15);
        spec.LeaseTransitions.ShouldBe(0);
        spec.AcquireTime.ShouldBe(_time.GetUtcNow().UtcDateTime);
    }

    [Fact]
    public async Task Run_LeaderRenews_OthersWait()
    {
        var a = Start("a");
        await Eventually.TrueAsync(() => a.Leading);
        var b = Start("b");

        await _time.AdvanceInStepsAsync(TimeSpan.FromMinutes(2), Step, () => b.Elector.IsLeader.ShouldBeFalse());

        a.Leading.ShouldBeTrue();
        a.Terms.ShouldBe(1);
        b.Elector.LeaderIdentity.ShouldBe("a");
        Lease().Spec!.RenewTime!.Value.ShouldBeGreaterThan(Lease().Spec!.AcquireTime!.Value.AddSeconds(110));
    }

    [Fact]
    public async Task Run_LeaderStops_ReleasesAndAnotherTakesOverAtOnce()
    {
        var a = Start("a");
        await Eventually.TrueAsync(() => a.Leading);
        var b = Start("b");
        await Eventually.TrueAsync(() => b.Elector.LeaderIdentity == "a");
        var before = _time.GetTimestamp();

        await a.StopAsync();
        Lease().Spec!.HolderIdentity.ShouldBe("");
        await _time.AdvanceUntilAsync(() => b.Elector.IsLeader, Step);

        _time.GetElapsedTime(before).ShouldBeLessThan(TimeSpan.FromSeconds(6));
        Lease().Spec!.LeaseTransitions.ShouldBe(1);
        b.Changes.ShouldContain("b");
    }

    [Fact]
    public async Task Run_LeaderDiesSilently_AnotherWaitsTheLeaseOutByItsOwnClock()
    {
        _cluster.Put(new V1Lease
        {
            Metadata = new V1ObjectMeta { Name = "lock", NamespaceProperty = "ns" },
            Spec = new V1LeaseSpec
            {
                HolderIdentity = "dead",
                LeaseDurationSeconds = 15,
                // Years ago by the clock of the one who wrote it: of no consequence.
                RenewTime = new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc),
                LeaseTransitions = 4,
            },
        });
        var started = _time.GetTimestamp();
        var b = Start("b");

        await _time.AdvanceUntilAsync(() => b.Elector.IsLeader, Step);

        _time.GetElapsedTime(started).TotalSeconds.ShouldBeInRange(15, 15 + 4.4 + 3);
        Lease().Spec!.LeaseTransitions.ShouldBe(5);
    }

    [Fact]
    public async Task Run_ServerAway_LeadsUntilTheRenewDeadlineOnly()
    {
        var a = Start("a");
        await Eventually.TrueAsync(() => a.Leading);
        _cluster.Before = (_, _) => throw new HttpRequestException("away");
        var cut = _time.GetTimestamp();

        await _time.AdvanceUntilAsync(() => !a.Elector.IsLeader, Step);

        _time.GetElapsedTime(cut).ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(10) + Step);
        await _time.AdvanceUntilAsync(() => !a.Leading, Step);

        _cluster.Before = (_, _) => Task.CompletedTask;
        await _time.AdvanceUntilAsync(() => a.Leading, Step);
        a.Terms.ShouldBe(2);
    }

    [Fact]
    public async Task Run_ServerHangs_LeadsUntilTheRenewDeadlineOnly()
    {
        var a = Start("a");
        await Eventually.TrueAsync(() => a.Leading);
        _cluster.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        var cut = _time.GetTimestamp();

        await _time.AdvanceUntilAsync(() => !a.Elector.IsLeader, Step);

        _time.GetElapsedTime(cut).ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(10) + Step);
        await _time.AdvanceUntilAsync(() => !a.Leading, Step);
    }

    [Fact]
    public async Task Run_ShortOutage_IsSurvived()
    {
        var a = Start("a");
        await Eventually.TrueAsync(() => a.Leading);

        _cluster.Before = (_, _) => throw new HttpRequestException("away");
        await _time.AdvanceInStepsAsync(TimeSpan.FromSeconds(6), Step);
        _cluster.Before = (_, _) => Task.CompletedTask;
        await _time.AdvanceInStepsAsync(TimeSpan.FromSeconds(30), Step, () => a.Elector.IsLeader.ShouldBeTrue());

        a.Terms.ShouldBe(1);
    }

    [Fact]
    public async Task IsLeader_ProcessThatWakesFromALongPause_IsFalseBeforeAnythingRuns()
    {
        var a = Start("a");
        await Eventually.TrueAsync(() => a.Leading);
        _cluster.Before = (_, _) => throw new HttpRequestException("away");

        _time.Advance(TimeSpan.FromMinutes(5));

        a.Elector.IsLeader.ShouldBeFalse();
        await _time.AdvanceUntilAsync(() => !a.Leading, Step);
    }

    [Fact]
    public async Task Run_LeaseTakenByAnother_StopsAtTheNextRenewal()
    {
        var a = Start("a");
        await Eventually.TrueAsync(() => a.Leading);

        var stolen = Lease();
        stolen.Spec!.HolderIdentity = "thief";
        _cluster.Put(stolen);
        var before = _time.GetTimestamp();
        await _time.AdvanceUntilAsync(() => !a.Elector.IsLeader, Step);
        _time.GetElapsedTime(before).ShouldBeLessThan(TimeSpan.FromSeconds(4));
        await _time.AdvanceUntilAsync(() => !a.Leading, Step);

        a.Changes.ShouldContain("thief");
        Lease().Spec!.HolderIdentity.ShouldBe("thief");
    }

    [Fact]
    public async Task Run_LeaseEditedByAnother_GoesOn()
    {
        var a = Start("a");
        await Eventually.TrueAsync(() => a.Leading);

        var labelled = Lease();
        labelled.Metadata.Labels = new Dictionary<string, string> { ["by"] = "kubectl" };
        _cluster.Put(labelled);
        await _time.AdvanceInStepsAsync(TimeSpan.FromSeconds(30), Step, () => a.Elector.IsLeader.ShouldBeTrue());

        Lease().Metadata.Labels!["by"].ShouldBe("kubectl");
        a.Terms.ShouldBe(1);
    }

    [Fact]
    public async Task Run_LeaseDeleted_IsMadeAnew()
    {
        var a = Start("a");
        await Eventually.TrueAsync(() => a.Leading);

        _cluster.Remove<V1Lease>(new ObjectKey("ns", "lock"));
        await _time.AdvanceUntilAsync(() => _cluster.All<V1Lease>().Count == 1, Step);

        Lease().Spec!.HolderIdentity.ShouldBe("a");
        a.Terms.ShouldBe(1);
    }

    [Fact]
    public async Task Run_LeadEndsByItself_ReleasesAndReturns()
    {
        var a = Start("a", _ => Task.CompletedTask);

        await a.Running.SoonAsync();

        a.Elector.IsLeader.ShouldBeFalse();
        Lease().Spec!.HolderIdentity.ShouldBe("");
    }

    [Fact]
    public async Task Run_LeadThrows_ReleasesAndThrowsTheSame()
    {
        var a = Start("a", _ => throw new InvalidOperationException("a bug"));

        (await Should.ThrowAsync<InvalidOperationException>(() => a.Running.SoonAsync())).Message.ShouldBe("a bug");

        Lease().Spec!.HolderIdentity.ShouldBe("");
    }

    [Fact]
    public async Task Run_LeadSlowToStop_KeepsTheLeaseUntilItHas()
    {
        var gate = new TaskCompletionSource();
        var a = Start("a", async token =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await gate.Task;
        });
        await Eventually.TrueAsync(() => a.Leading);
        var b = Start("b");

        var stopping = a.StopAsync();
        await _time.AdvanceInStepsAsync(TimeSpan.FromSeconds(60), Step, () => b.Leading.ShouldBeFalse());
        gate.SetResult();
        await stopping.SoonAsync();

        await _time.AdvanceUntilAsync(() => b.Leading, Step);
    }

    [Theory]
    [InlineData(15, 15, 2, "RenewDeadline")]
    [InlineData(15, 2, 2, "RetryPeriod")]
    [InlineData(0, 10, 2, "LeaseDuration")]
    public void Constructor_TimesOutOfRange_NamesThem(int lease, int renew, int retry, string named)
    {
        var options = new LeaderElectionOptions
        {
            LeaseName = "lock",
            LeaseNamespace = "ns",
            LeaseDuration = TimeSpan.FromSeconds(lease),
            RenewDeadline = TimeSpan.FromSeconds(renew),
            RetryPeriod = TimeSpan.FromSeconds(retry),
        };

        Should.Throw<ArgumentException>(() => Elector(options, _time)).Message.ShouldContain(named);
    }

    [Fact]
    public void Constructor_NoLeaseName_NamesIt()
    {
        Should.Throw<ArgumentException>(() => Elector(new LeaderElectionOptions { LeaseNamespace = "ns" }, _time))
            .Message.ShouldContain("LeaseName");
    }

    /// <summary>Three candidates with clocks years apart, a server that fails at random, restarts: never two leaders.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public async Task Run_RandomFaults_NeverTwoLeadersAndInTheEndOne(int seed)
    {
        var random = new Random(seed);
        _cluster.Before = (_, token) =>
        {
            lock (random)
            {
                return random.Next(10) switch
                {
                    < 3 => throw new HttpRequestException("random"),
                    3 => Task.Delay(TimeSpan.FromSeconds(random.Next(1, 20)), _time, token),
                    _ => Task.CompletedTask,
                };
            }
        };
        Start("a");
        Start("b");
        Start("c");
        for (var i = 0; i < 400; i++)
        {
            await _time.AdvanceInStepsAsync(Step * 2, Step * 2, Check);
            if (i % 100 == 50)
            {
                // One stops, and another comes in its place under a new name.
                _ = _candidates[i / 100].StopAsync();
                Start($"late{i}");
            }
        }

        _cluster.Before = (_, _) => Task.CompletedTask;
        await _time.AdvanceUntilAsync(() => _candidates.Count(c => c.Leading) == 1, Step);

        void Check() => _candidates.Count(candidate => candidate.Elector.IsLeader).ShouldBeLessThan(2, $"seed {seed}");
    }

    private V1Lease Lease() => _cluster.All<V1Lease>().Single();

    private LeaderElector Elector(LeaderElectionOptions options, TimeProvider time) =>
        new(_cluster, options, time, new RecordingLogger<LeaderElector>());

    private Candidate Start(string name, Func<CancellationToken, Task>? lead = null)
    {
        var elector = Elector(
            new LeaderElectionOptions { LeaseName = "lock", LeaseNamespace = "ns", Identity = name }, _time);
        var candidate = new Candidate(elector, lead);
        _candidates.Add(candidate);
        return candidate;
    }

    private sealed class Candidate : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private int _terms;

        public Candidate(LeaderElector elector, Func<CancellationToken, Task>? lead)
        {
            Elector = elector;
            elector.LeaderChanged += (_, change) => Changes.Enqueue(change.Identity ?? "nobody");
            Running = elector.RunAsync(token => LeadAsync(lead, token), _stop.Token);
        }

        public LeaderElector Elector { get; }

        public ConcurrentQueue<string> Changes { get; } = new();

        public Task Running { get; }

        public bool Leading { get; private set; }

        public int Terms => _terms;

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await Running;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }

        private async Task LeadAsync(Func<CancellationToken, Task>? lead, CancellationToken token)
        {
            Interlocked.Increment(ref _terms);
            Leading = true;
            try
            {
                await (lead?.Invoke(token) ?? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token));
            }
            finally
            {
                Leading = false;
            }
        }
    }
}
