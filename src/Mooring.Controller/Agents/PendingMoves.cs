using System.Net;

namespace Mooring.Controller.Agents;

/// <summary>
/// Changes of holder that are to be told. One that was learnt from a Hello is kept for a moment: the agent tells how it
/// came about right after. So is one whose first packet is still to come. Not thread-safe: its owner holds a lock.
/// </summary>
internal sealed class PendingMoves(TimeProvider time)
{
    /// <summary>Above the second for which an agent looks for the first packet.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    private readonly List<(HolderMove Move, long At)> _moves = [];

    public bool Any => _moves.Count > 0;

    public void Add(IEnumerable<HolderMove> moves)
    {
        foreach (var move in moves)
        {
            var known = _moves.FindIndex(pending => IsSame(pending.Move, move));
            if (known >= 0)
            {
                _moves[known] = (move, _moves[known].At);
            }
            else
            {
                _moves.Add((move, time.GetTimestamp()));
            }
        }
    }

    /// <summary>Adds what became known since; one that was told already is not told again.</summary>
    public void Complete(HolderMove move)
    {
        var known = _moves.FindIndex(pending => IsSame(pending.Move, move));
        if (known >= 0)
        {
            _moves[known] = (move, _moves[known].At);
        }
    }

    /// <summary>In the order in which they came.</summary>
    public IReadOnlyList<HolderMove> Take()
    {
        var ready = _moves.FindAll(pending => IsWhole(pending.Move) || time.GetElapsedTime(pending.At) >= Patience);
        _moves.RemoveAll(ready.Contains);
        return ready.ConvertAll(pending => pending.Move);
    }

    private static bool IsWhole(HolderMove move) =>
        move.Reason is not null && (!move.IsFailover || move.Phases is null or { FirstPacket: not null });

    private static bool IsSame(HolderMove left, HolderMove right) =>
        left.Address.Equals(right.Address) && left.To.Node == right.To.Node && left.To.Term == right.To.Term;
}
