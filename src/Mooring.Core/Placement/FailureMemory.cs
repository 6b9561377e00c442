using System.Collections.Immutable;

namespace Mooring.Core.Placement;

/// <summary>
/// Remembers which nodes failed, so that a node that comes and goes is not trusted with addresses each time it comes.
/// Damping as BGP does it (RFC 2439): each failure adds 1 to the node's penalty, which halves with time, and a node is
/// forgiven when it is down to one half: after one half-life for a single failure, later for repeated ones.
/// </summary>
/// <remarks>Wall-clock times, as a new controller takes the failures from the status of the VirtualIps.</remarks>
public sealed record FailureMemory
{
    public static readonly FailureMemory Empty = new();

    /// <summary>A node that loses all its addresses, or its agent and then the node, fails once.</summary>
    public static readonly TimeSpan OneFailure = TimeSpan.FromSeconds(10);

    private const double MaxPenalty = 16;
    private const double Forgiven = 0.5;

    private ImmutableDictionary<string, Record> Records { get; init; } =
        ImmutableDictionary.Create<string, Record>(StringComparer.Ordinal);

    /// <param name="node">Name of the node.</param>
    /// <param name="reason">CamelCase.</param>
    /// <param name="at">When; failures may be told in any order.</param>
    /// <param name="halfLife">Zero remembers nothing.</param>
    public FailureMemory Add(string node, string reason, DateTimeOffset at, TimeSpan halfLife)
    {
        if (halfLife <= TimeSpan.Zero)
        {
            return this;
        }

        if (!Records.TryGetValue(node, out var before))
        {
            return this with { Records = Records.Add(node, new Record(1, at, reason)) };
        }

        var later = at > before.At;
        if ((at - before.At).Duration() < OneFailure)
        {
            return this;
        }

        var (first, last) = later ? (before.At, at) : (at, before.At);
        var penalty = later
            ? Decay(before.Penalty, last - first, halfLife) + 1
            : Decay(1, last - first, halfLife) + before.Penalty;
        var record = new Record(Math.Min(penalty, MaxPenalty), last, later ? reason : before.Reason);
        return this with { Records = Records.SetItem(node, record) };
    }

    /// <summary>Nodes that are not forgiven yet.</summary>
    public ImmutableDictionary<string, NodeFailure> Unforgiven(DateTimeOffset now, TimeSpan halfLife) =>
        halfLife <= TimeSpan.Zero
            ? ImmutableDictionary<string, NodeFailure>.Empty
            : Records
                .Select(entry => (Node: entry.Key, Failure: entry.Value.ToFailure(halfLife)))
                .Where(entry => entry.Failure.Until > now)
                .ToImmutableDictionary(entry => entry.Node, entry => entry.Failure, StringComparer.Ordinal);

    private static double Decay(double penalty, TimeSpan age, TimeSpan halfLife) => penalty * Math.Pow(2, -(age / halfLife));

    private sealed record Record(double Penalty, DateTimeOffset At, string Reason)
    {
        public NodeFailure ToFailure(TimeSpan halfLife) =>
            new(At, Reason, At + (halfLife * Math.Log2(Penalty / Forgiven)));
    }
}
