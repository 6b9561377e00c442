using Mooring.Core.Snapshots;

namespace Mooring.Core.Health;

/// <summary>For how long an endpoint stays out after it fell, whatever its checks say: longer with each time.</summary>
/// <param name="passive">For one that failed its clients; null for not at all.</param>
/// <param name="damping">For one that falls again and again; null for not at all.</param>
public sealed class HoldDown(PassiveCheckIntent? passive, FlapDampingIntent? damping)
{
    private const int MaxFalls = 64;

    private readonly Queue<TimeSpan> _falls = new();
    private int _ejections;
    private TimeSpan _until;

    public bool Holds(TimeSpan now) => now < _until;

    /// <summary>It fell.</summary>
    /// <param name="now">On any clock that only grows.</param>
    /// <param name="ejected">Its clients noticed before its checks did.</param>
    /// <returns>For how long it stays out; zero when checks may bring it back at once.</returns>
    public TimeSpan Fell(TimeSpan now, bool ejected)
    {
        var hold = TimeSpan.Zero;
        if (ejected && passive is not null)
        {
            // One that went well for the longest ejection begins anew.
            _ejections = now - _until > passive.MaxEjectionTime ? 0 : _ejections;
            hold = Grown(passive.EjectionTime, passive.MaxEjectionTime, _ejections++);
        }

        if (damping is not null)
        {
            _falls.Enqueue(now);
            while (_falls.Count > MaxFalls || now - _falls.Peek() > damping.Within)
            {
                _falls.Dequeue();
            }

            if (_falls.Count >= damping.Falls && Grown(damping.HoldTime, damping.MaxHoldTime, _falls.Count - damping.Falls) is var damped
                && damped > hold)
            {
                hold = damped;
            }
        }

        _until = now + hold;
        return hold;
    }

    /// <summary>Twice as long each time, up to the most.</summary>
    private static TimeSpan Grown(TimeSpan time, TimeSpan most, int times)
    {
        var grown = time * Math.Pow(2, Math.Min(times, 30));
        return grown < most ? grown : most;
    }
}
