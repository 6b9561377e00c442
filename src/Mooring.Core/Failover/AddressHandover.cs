using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>A holder's plan to let go: whom it asks to take over, and what it does when nobody does.</summary>
internal sealed class AddressHandover(FailoverContext context, AddressAudience audience)
{
    private static readonly TimeSpan MinMoveTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxStopTimeout = TimeSpan.FromSeconds(2);

    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private TimeSpan _askNextAt = TimeSpan.MaxValue;

    /// <summary>The move under way, null when the holder goes for another reason.</summary>
    public MoveIntent? Move { get; private set; }

    /// <summary>Number of the last move that was tried.</summary>
    public ulong LastMove { get; private set; }

    /// <summary>The one node that is asked; null for whoever is first in line.</summary>
    public string? Successor { get; private set; }

    /// <summary>When a move is given up, and a node that shuts down stops to wait.</summary>
    public TimeSpan Until { get; private set; } = TimeSpan.MaxValue;

    public TimeSpan Due => _askNextAt < Until ? _askNextAt : Until;

    /// <summary>The move has to be asked for anew, and the node to be one that can be heard of.</summary>
    public bool Accepts(MoveIntent move) => move.Id > LastMove && move.To != context.Self;

    public void BeginMove(MoveIntent move, TimeSpan detect, TimeSpan now)
    {
        var patience = detect * 2;
        Move = move;
        LastMove = move.Id;
        Successor = move.To;
        _askNextAt = TimeSpan.MaxValue;
        Until = context.Rules.MovesAreBounded
            ? now + (patience > MinMoveTimeout ? patience : MinMoveTimeout) : TimeSpan.MaxValue;
    }

    /// <summary>The node is no candidate any more, so it goes whoever comes.</summary>
    public void BeginLeaving(TimeSpan detect, TimeSpan now)
    {
        Move = null;
        Until = TimeSpan.MaxValue;
        _asked.Clear();
        AskNext(detect, now);
    }

    /// <summary>The agent is going to end.</summary>
    public void BeginStopping(TimeSpan detect, TimeSpan now)
    {
        BeginLeaving(detect, now);
        var bound = detect * Math.Max(2, audience.Candidates.Length);
        Until = now + (bound < MaxStopTimeout ? bound : MaxStopTimeout);
    }

    public void End()
    {
        Move = null;
        Successor = null;
        Until = _askNextAt = TimeSpan.MaxValue;
    }

    public void Tick(TimeSpan detect, TimeSpan now)
    {
        if (now >= _askNextAt || (Move is null && Successor is not null && audience.IsLeaving(Successor)))
        {
            AskNext(detect, now);
            audience.TellAll();
        }
    }

    /// <summary>Each node that could do it has a detection time; after the last one anybody may.</summary>
    private void AskNext(TimeSpan detect, TimeSpan now)
    {
        context.Version++;
        Successor = audience.FirstFit(now, detect, _asked);
        _askNextAt = Successor is null ? TimeSpan.MaxValue : now + detect;
        if (Successor is not null)
        {
            _asked.Add(Successor);
        }
    }
}
