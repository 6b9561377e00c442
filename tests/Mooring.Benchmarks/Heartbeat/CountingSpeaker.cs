using System.Net;
using System.Threading.Channels;
using Mooring.Agent.Speaker;

namespace Mooring.Benchmarks.Heartbeat;

/// <summary>Says nothing to anybody and counts what it was told to hold.</summary>
internal sealed class CountingSpeaker : ISpeaker
{
    private readonly Channel<ObservedClaim> _claims = Channel.CreateUnbounded<ObservedClaim>();
    private int _held;
    private int _taken;

    public int Held => Volatile.Read(ref _held);

    public int Taken => Volatile.Read(ref _taken);

    public ChannelReader<ObservedClaim> Claims => _claims.Reader;

    public long Hold(IPAddress address, long deadline)
    {
        Interlocked.Increment(ref _held);
        Interlocked.Increment(ref _taken);
        return TimeProvider.System.GetTimestamp();
    }

    public void ExtendDeadline(IPAddress address, long deadline)
    {
        // Nothing is answered, so nothing is fenced.
    }

    public void Release(IPAddress address) => Interlocked.Decrement(ref _held);

    public void Watch(IReadOnlyCollection<IPAddress> addresses)
    {
        // Nobody else is on this segment.
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
