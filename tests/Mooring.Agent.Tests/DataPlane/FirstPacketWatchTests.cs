using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

public sealed class FirstPacketWatchTests : IAsyncLifetime
{
    private static readonly IPAddress First = IPAddress.Parse("10.70.0.100");
    private static readonly IPAddress Second = IPAddress.Parse("10.70.0.101");

    private readonly ConcurrentDictionary<IPAddress, long> _packets = [];
    private readonly ConcurrentQueue<(IPAddress Address, DateTimeOffset At)> _seen = [];
    private readonly FirstPacketWatch _watch;
    private int _reads;

    public FirstPacketWatchTests()
    {
        _watch = new FirstPacketWatch(Read, TimeProvider.System, NullLogger<FirstPacketWatch>.Instance);
    }

    public async ValueTask InitializeAsync() => await _watch.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _watch.StopAsync(CancellationToken.None);
        _watch.Dispose();
    }

    [Fact]
    public async Task Watch_PacketsCounted_AreToldOncePerAddress()
    {
        using var watch = new FirstPacketWatch(Read, new StoppedTime(), NullLogger<FirstPacketWatch>.Instance);
        await watch.StartAsync(CancellationToken.None);
        _packets[First] = 7;
        var start = TimeProvider.System.GetUtcNow();
        Watch(First, watch);
        Watch(Second, watch);
        await Eventually.HoldsAsync(() => Volatile.Read(ref _reads) > 0, "a first look");

        _packets[First] = 8;
        await Eventually.HoldsAsync(() => !_seen.IsEmpty, "seen");
        _packets[First] = 9;
        _packets[Second] = 1;
        await Eventually.HoldsAsync(() => _seen.Count == 2, "both seen");

        _seen.Select(seen => seen.Address).ShouldBe([First, Second]);
        _seen.ShouldAllBe(seen => seen.At >= start);
        await watch.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Watch_NothingComes_ReadsNoMoreAfterAWhile()
    {
        Watch(First);
        await Eventually.HoldsAsync(() => Volatile.Read(ref _reads) > 1, "looks");
        var (reads, since) = (-1, 0L);

        await Eventually.HoldsAsync(
            () =>
            {
                if (Volatile.Read(ref _reads) is var now && now != reads)
                {
                    (reads, since) = (now, TimeProvider.System.GetTimestamp());
                }

                return TimeProvider.System.GetElapsedTime(since) > FirstPacketWatch.Patience;
            },
            "no more reading");

        _seen.ShouldBeEmpty();
    }

    private void Watch(IPAddress address, FirstPacketWatch? watch = null) =>
        (watch ?? _watch).Watch(address, at => _seen.Enqueue((address, at)));

    private Task<IReadOnlyList<ServiceCounters>> Read(CancellationToken cancellationToken)
    {
        IReadOnlyList<ServiceCounters> counters =
            [.. _packets.Select(entry => new ServiceCounters(entry.Key, TransportProtocol.Tcp, 80, entry.Value, 0))];
        Interlocked.Increment(ref _reads);
        return Task.FromResult(counters);
    }

    /// <summary>A watch never gives up, however slow the machine.</summary>
    private sealed class StoppedTime : TimeProvider
    {
        public override long GetTimestamp() => 1;
    }
}
