using System.Net;
using System.Net.Sockets;

namespace Mooring.Agent.Speaker;

/// <summary>
/// An address this node answers for. It is the fence: every frame that speaks for the address leaves through
/// <see cref="Send"/>, which looks at the deadline and at the release right before, under one lock with them. It runs the
/// burst and the refresh of its announcements.
/// </summary>
internal sealed class HeldAddress : IDisposable
{
    private readonly SpeakerOptions _options;
    private readonly TimeProvider _time;
    private readonly Announcement _announce;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private long _deadline;
    private bool _released;
    private volatile SpeakerLink? _link;
    private int _sent;

    /// <param name="address">The virtual address.</param>
    /// <param name="deadline">Timestamp past which nothing is sent.</param>
    /// <param name="announce">Sends one round of announcements, through <see cref="Send"/>.</param>
    /// <param name="options">The rhythm of the announcements.</param>
    /// <param name="time">Of the deadline and the rhythm.</param>
    public HeldAddress(
        IPAddress address, long deadline, Announcement announce, SpeakerOptions options, TimeProvider time)
    {
        Address = address;
        _deadline = deadline;
        _announce = announce;
        _options = options;
        _time = time;
        _timer = time.CreateTimer(
            static held => ((HeldAddress)held!).Continue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public delegate void Announcement(HeldAddress held, SpeakerLink link);

    public IPAddress Address { get; }

    /// <summary>Where it is answered for; null while no interface that is up has its subnet.</summary>
    public SpeakerLink? Link => _link;

    /// <summary>Begins a burst with the first announcements, now.</summary>
    /// <returns>Timestamp right before the first announcement.</returns>
    public long Announce(SpeakerLink link, long deadline)
    {
        lock (_gate)
        {
            _deadline = deadline;
            _link = link;
            return StartBurst();
        }
    }

    /// <summary>
    /// Moves it to another interface, or to none. Whatever interface it comes to, the neighbours and switches there have to
    /// learn the MAC address: a burst begins.
    /// </summary>
    public void MoveTo(SpeakerLink? link)
    {
        lock (_gate)
        {
            if (_link == link)
            {
                return;
            }

            _link = link;
            StartBurst();
        }
    }

    /// <summary>
    /// Moves the deadline. When the one before had passed, a burst begins: what was asked meanwhile went unanswered, and
    /// another node may have spoken.
    /// </summary>
    public void ExtendDeadline(long deadline)
    {
        lock (_gate)
        {
            var lapsed = !IsLive();
            _deadline = deadline;
            if (lapsed && IsLive())
            {
                StartBurst();
            }
        }
    }

    /// <summary>When this returns nothing more is sent for the address, also by a thread that was about to.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _released = true;
            _link = null;
        }

        _timer.Dispose();
    }

    /// <summary>
    /// Sends a frame if it may be sent on this link at this very moment; <see cref="SocketError.OperationAborted"/> if not.
    /// </summary>
    public SocketError Send(SpeakerLink link, SpeakerChannel channel, ReadOnlySpan<byte> frame)
    {
        lock (_gate)
        {
            return IsLive() && _link == link ? link.Send(channel, frame) : SocketError.OperationAborted;
        }
    }

    private bool IsLive() => !_released && _time.GetTimestamp() < _deadline;

    private long StartBurst()
    {
        var now = _time.GetTimestamp();
        _sent = 0;
        SendRound();
        return now;
    }

    private void Continue()
    {
        lock (_gate)
        {
            SendRound();
        }
    }

    private void SendRound()
    {
        if (_released)
        {
            return;
        }

        if (_link is { } link)
        {
            _announce(this, link);
        }

        // Goes on past the deadline and without an interface, silently: both may come back.
        _timer.Change(_options.PauseAfter(++_sent), Timeout.InfiniteTimeSpan);
    }
}
