using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Composition;
using Mooring.Agent.Snapshots;
using Mooring.Agent.Tests.Snapshots;
using Mooring.Agent.Tests.Speaker;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Tests.Composition;

public sealed class ControllerFirstTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly Consumer _failover = new();
    private readonly ControllerFirst _first;

    public ControllerFirstTests()
    {
        _first = new ControllerFirst(_failover, _time, NullLogger<ControllerFirst>.Instance);
    }

    public void Dispose() => _first.Dispose();

    [Fact]
    public async Task Apply_FromDiskWithoutController_IsHandedOnAfterAWhile()
    {
        await ApplyAsync(5);
        _first.Restored();
        _failover.Taken.ShouldBeEmpty();

        _time.Advance(ControllerFirst.Patience);

        _failover.Taken.ShouldBe([5UL]);
    }

    [Fact]
    public async Task Apply_ControllerComesInTime_TakesTheNewerOneOnly()
    {
        await ApplyAsync(5);
        _first.Restored();

        await ApplyAsync(6);
        _time.Advance(ControllerFirst.Patience * 2);

        _failover.Taken.ShouldBe([6UL]);
    }

    [Fact]
    public async Task Apply_NothingOnDisk_IsHandedOnAtOnce()
    {
        _first.Restored();

        await ApplyAsync(6);
        await ApplyAsync(7);

        _failover.Taken.ShouldBe([6UL, 7UL]);
    }

    private Task ApplyAsync(ulong revision) => _first.ApplyAsync(
        TestSnapshots.Web(revision, new IPEndPoint(IPAddress.Parse("10.71.1.2"), 8080)), CancellationToken.None);

    private sealed class Consumer : ISnapshotConsumer
    {
        public List<ulong> Taken { get; } = [];

        public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
        {
            Taken.Add(snapshot.Revision);
            return Task.FromResult(ImmutableArray<Problem>.Empty);
        }
    }
}
