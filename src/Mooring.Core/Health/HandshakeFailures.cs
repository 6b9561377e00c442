using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Health;

/// <summary>Counts handshakes of clients that endpoints refused or left without an answer.</summary>
public sealed class HandshakeFailures
{
    /// <summary>Handshakes under way that are remembered from one look to the next.</summary>
    private const int MaxWaiting = 20_000;

    private readonly Dictionary<(string SetId, IPEndPoint Backend), Queue<TimeSpan>> _failures = [];
    private Dictionary<(IPEndPoint Client, IPEndPoint Service), bool> _waiting = [];
    private Dictionary<(IPEndPoint Client, IPEndPoint Service), bool> _next = [];

    /// <summary>A handshake failed.</summary>
    /// <returns>How many did, once there are enough to suspect the endpoint; the count then begins anew. Else 0.</returns>
    public int Failed(string backendSetId, IPEndPoint backend, PassiveCheckIntent rule, TimeSpan now)
    {
        if (!_failures.TryGetValue((backendSetId, backend), out var times))
        {
            _failures.Add((backendSetId, backend), times = new Queue<TimeSpan>());
        }

        times.Enqueue(now);
        while (now - times.Peek() > rule.Window)
        {
            times.Dequeue();
        }

        if (times.Count < rule.Failures)
        {
            return 0;
        }

        _failures.Remove((backendSetId, backend));
        return rule.Failures;
    }

    /// <summary>A handshake has no answer yet; to be called for each at every look.</summary>
    /// <returns>True the second time: it had none a whole look ago either.</returns>
    public bool IsUnanswered(IPEndPoint client, IPEndPoint service)
    {
        if (_next.Count >= MaxWaiting)
        {
            return false;
        }

        var known = _waiting.TryGetValue((client, service), out var counted);
        _next[(client, service)] = known;
        return known && !counted;
    }

    /// <summary>The look is over.</summary>
    public void EndLook(TimeSpan now)
    {
        (_waiting, _next) = (_next, _waiting);
        _next.Clear();
        foreach (var (endpoint, times) in _failures.ToArray())
        {
            if (now - times.Last() > TimeSpan.FromHours(1))
            {
                _failures.Remove(endpoint);
            }
        }
    }
}
