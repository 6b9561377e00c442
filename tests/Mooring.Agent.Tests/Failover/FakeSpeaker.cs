using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Mooring.Agent.Speaker;

namespace Mooring.Agent.Tests.Failover;

/// <summary>Answers, in its fashion, for what it was told to hold, until the deadline.</summary>
internal sealed class FakeSpeaker : ISpeaker
{
    private readonly ConcurrentDictionary<IPAddress, long> _held = new();
    private int _extensions;
    private readonly Channel<ObservedClaim> _claims = Channel.CreateUnbounded<ObservedClaim>();

    public ChannelReader<ObservedClaim> Claims => _claims.Reader;

    public IReadOnlyCollection<IPAddress> Watched { get; private set; } = [];

    /// <summary>Set to make the next announcements fail.</summary>
    public bool Broken { get; set; }

    public bool Answers(IPAddress address) =>
        _held.TryGetValue(address, out var deadline) && TimeProvider.System.GetTimestamp() <= deadline;

    public void See(ObservedClaim claim) => _claims.Writer.TryWrite(claim);

    public long Hold(IPAddress address, long deadline)
    {
        if (Broken)
        {
            throw new InvalidOperationException("no interface that is up has the subnet");
        }

        _held[address] = deadline;
        return TimeProvider.System.GetTimestamp();
    }

    /// <summary>How often the deadline of an address was moved on, which is once in an interval.</summary>
    public int Extensions => Volatile.Read(ref _extensions);

    public void ExtendDeadline(IPAddress address, long deadline)
    {
        Interlocked.Increment(ref _extensions);
        if (_held.TryGetValue(address, out var before))
        {
            _held.TryUpdate(address, deadline, before);
        }
    }

    public void Release(IPAddress address) => _held.TryRemove(address, out _);

    public void Watch(IReadOnlyCollection<IPAddress> addresses) => Watched = addresses;

    public ValueTask DisposeAsync()
    {
        _held.Clear();
        return ValueTask.CompletedTask;
    }
}
