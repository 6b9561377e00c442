namespace Mooring.Core.Gateways;

/// <summary>
/// When a gateway is asked whether it is there, and what follows from its answers. Pure: times are the caller's, monotonic.
/// </summary>
public sealed class GatewayHearing
{
    /// <summary>From one question to the next while it answers, and once it is taken for silent.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>How long an answer may take, many times what a network of one segment needs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    /// <summary>Questions in a row without an answer that make it silent.</summary>
    public const int Misses = 3;

    private bool _heard;
    private int _unanswered;

    /// <summary>When <see cref="Ask"/> is due.</summary>
    public TimeSpan NextAsk { get; private set; }

    /// <summary>Null until it was heard once: what never answered tells nothing by its silence.</summary>
    public bool? Reachable { get; private set; }

    /// <summary>The last question was not answered, so it may have moved: ask all, not the MAC address that is known.</summary>
    public bool MayHaveMoved => _unanswered > 0;

    /// <summary>A question is about to be sent.</summary>
    public void Ask(TimeSpan now)
    {
        if (_heard && _unanswered >= Misses)
        {
            Reachable = false;
        }

        _unanswered++;
        NextAsk = now + (_unanswered <= Misses ? Patience : Pace);
    }

    /// <summary>Something came from it, whether asked for or not.</summary>
    public void Hear(TimeSpan now)
    {
        _heard = true;
        _unanswered = 0;
        Reachable = true;
        NextAsk = now + Pace;
    }

    /// <summary>The link changed: ask now.</summary>
    public void AskSoon(TimeSpan now) => NextAsk = now;
}
