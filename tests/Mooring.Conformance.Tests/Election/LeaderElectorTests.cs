using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Conformance.Tests.Client;
using Mooring.Conformance.Tests.Cluster;
using Mooring.Kubernetes.LeaderElection;

namespace Mooring.Conformance.Tests.Election;

public sealed class LeaderElectorTests(ConformanceCluster cluster) : ClientTest(cluster), IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];

    [Fact]
    public async Task Alone_BecomesLeaderAndWritesTheLease()
    {
        var (elector, _) = Start("a");

        await Eventually.TrueAsync(() => elector.IsLeader);

        var lease = await LeaseAsync();
        lease.Spec!.HolderIdentity.ShouldBe("a");
        lease.Spec.LeaseDurationSeconds.ShouldBe(15);
        lease.Spec.AcquireTime.ShouldNotBeNull();
        lease.Spec.RenewTime.ShouldNotBeNull();
    }

    [Fact]
    public async Task Leader_Renews()
    {
        var (elector, _) = Start("a");
        await Eventually.TrueAsync(() => elector.IsLeader);
        var first = (await LeaseAsync()).Spec!;

        await Eventually.TrueAsync(async () => (await LeaseAsync()).Spec!.RenewTime > first.RenewTime);

        (await LeaseAsync()).Spec!.AcquireTime.ShouldBe(first.AcquireTime);
        (await LeaseAsync()).Spec!.LeaseTransitions.ShouldBe(first.LeaseTransitions);
    }

    [Fact]
    public async Task Second_WaitsAndKnowsTheLeader()
    {
        var (first, _) = Start("a");
        await Eventually.TrueAsync(() => first.IsLeader);

        var (second, _) = Start("b");

        await Eventually.TrueAsync(() => second.LeaderIdentity == "a");
        second.IsLeader.ShouldBeFalse();
    }

    [Fact]
    public async Task Released_Lease_IsTakenAtOnceAndCounted()
    {
        var (first, stopFirst) = Start("a");
        await Eventually.TrueAsync(() => first.IsLeader);
        var (second, _) = Start("b");
        await Eventually.TrueAsync(() => second.LeaderIdentity == "a");

        await stopFirst.CancelAsync();

        await Eventually.TrueAsync(() => second.IsLeader);
        first.IsLeader.ShouldBeFalse();
        var lease = await LeaseAsync();
        lease.Spec!.HolderIdentity.ShouldBe("b");
        lease.Spec.LeaseTransitions.ShouldBe(1);
    }

    [Fact]
    public async Task Release_LeavesNoHolderBehind()
    {
        var (elector, stop) = Start("a");
        await Eventually.TrueAsync(() => elector.IsLeader);

        await stop.CancelAsync();

        await Eventually.TrueAsync(async () => string.IsNullOrEmpty((await LeaseAsync()).Spec!.HolderIdentity));
    }

    [Fact]
    public async Task DeadHolder_IsFollowedAfterItsLease()
    {
        await Client.CreateAsync(
            new V1Lease
            {
                Metadata = Meta(),
                Spec = new V1LeaseSpec { HolderIdentity = "dead", LeaseDurationSeconds = 2, LeaseTransitions = 4, RenewTime = TimeProvider.System.GetUtcNow().UtcDateTime },
            },
            Token);

        var (elector, _) = Start("a", short_: true);

        await Eventually.TrueAsync(() => elector.IsLeader);
        (await LeaseAsync()).Spec!.LeaseTransitions.ShouldBe(5);
    }

    [Fact]
    public async Task LeaseTakenByForce_EndsTheLeadership()
    {
        var lost = new TaskCompletionSource();
        var (elector, _) = Start("a", async ct =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            }
            finally
            {
                lost.TrySetResult();
            }
        });
        await Eventually.TrueAsync(() => elector.IsLeader);

        await Eventually.TrueAsync(async () =>
        {
            // Its renewals may get in between.
            var answer = await Api.MergeAsync(
                $"apis/coordination.k8s.io/v1/namespaces/{Namespace}/leases/{Name()}",
                $$$"""{"spec":{"holderIdentity":"thief","leaseDurationSeconds":3600,"renewTime":"{{{TimeProvider.System.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss'.'ffffff'Z'}}}"}}""");
            return answer.Code == 200;
        });

        await lost.Task.SoonAsync();
        elector.IsLeader.ShouldBeFalse();
        (await LeaseAsync()).Spec!.HolderIdentity.ShouldBe("thief");
    }

    [Fact]
    public async Task LeaseDeleted_IsMadeAgainByALeader()
    {
        var (elector, _) = Start("a");
        await Eventually.TrueAsync(() => elector.IsLeader);

        await Client.DeleteAsync<V1Lease>(Name(), Namespace, cancellationToken: Token);

        await Eventually.TrueAsync(async () => (await Client.GetAsync<V1Lease>(Name(), Namespace, Token))?.Spec!.HolderIdentity == "a");
        await Eventually.TrueAsync(() => elector.IsLeader);
    }

    [Fact]
    public async Task ManyCandidates_NeverTwoLeaders()
    {
        var leaders = 0;
        var most = 0;
        var terms = 0;
        async Task LeadAsync(CancellationToken ct)
        {
            var now = Interlocked.Increment(ref leaders);
            Interlocked.Exchange(ref most, Math.Max(Volatile.Read(ref most), now));
            Interlocked.Increment(ref terms);
            try
            {
                // Something of a term's length, so that the lease goes round.
                await Client.GetAsync<V1Lease>(Name(), Namespace, ct);
            }
            finally
            {
                Interlocked.Decrement(ref leaders);
            }
        }

        foreach (var identity in (string[])["a", "b", "c", "d"])
        {
            Start(identity, LeadAsync, rounds: 3);
        }

        await Task.WhenAll(_running).SoonAsync();

        terms.ShouldBe(12);
        most.ShouldBe(1);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).SoonAsync();
        _stop.Dispose();
    }

    private (LeaderElector Elector, CancellationTokenSource Stop) Start(
        string identity, Func<CancellationToken, Task>? lead = null, bool short_ = false, int rounds = 1)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var elector = new LeaderElector(
            Client,
            new LeaderElectionOptions
            {
                LeaseName = Name(),
                LeaseNamespace = Namespace,
                Identity = identity,
                LeaseDuration = short_ ? TimeSpan.FromSeconds(5) : TimeSpan.FromSeconds(15),
                RenewDeadline = short_ ? TimeSpan.FromSeconds(3) : TimeSpan.FromSeconds(10),
                RetryPeriod = TimeSpan.FromMilliseconds(200),
            },
            TimeProvider.System,
            NullLogger<LeaderElector>.Instance);
        _running.Add(RunAsync());
        return (elector, stop);

        async Task RunAsync()
        {
            for (var round = 0; round < rounds && !stop.IsCancellationRequested; round++)
            {
                await elector.RunAsync(lead ?? (ct => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct)), stop.Token);
            }
        }
    }

    private async Task<V1Lease> LeaseAsync() => (await Client.GetAsync<V1Lease>(Name(), Namespace, Token))!;
}
