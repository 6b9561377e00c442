using System.Collections.Immutable;
using System.Net;

namespace Mooring.Controller.Agents;

/// <summary>Addresses that agents were asked to look for on the network, and what they found.</summary>
internal sealed class AddressProbes(TimeProvider time)
{
    /// <summary>An agent that has not said by then is not waited for: the address is given without its word.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Long enough to be taken, too short for another machine to come up at it unnoticed.</summary>
    public static readonly TimeSpan FreeFor = TimeSpan.FromSeconds(30);

    /// <summary>After that it may be asked for again.</summary>
    public static readonly TimeSpan OccupiedFor = TimeSpan.FromMinutes(5);

    private readonly Dictionary<IPAddress, (ProbeAnswer Answer, long At)> _known = [];

    public ImmutableDictionary<IPAddress, ProbeAnswer> Current { get; private set; } =
        ImmutableDictionary<IPAddress, ProbeAnswer>.Empty;

    public bool Asking => _known.Values.Any(entry => entry.Answer.State == ProbeState.Asked);

    public bool IsKnown(IPAddress address) => _known.ContainsKey(address);

    public void Set(IPAddress address, ProbeAnswer answer)
    {
        _known[address] = (answer, time.GetTimestamp());
        Current = Current.SetItem(address, answer);
    }

    public void Forget(IPAddress address)
    {
        _known.Remove(address);
        Current = Current.Remove(address);
    }

    /// <summary>Gives up waiting, and forgets what is too old to go by.</summary>
    /// <returns>True when something changed.</returns>
    public bool Expire()
    {
        var changed = false;
        foreach (var (address, (answer, at)) in _known.ToArray())
        {
            var age = time.GetElapsedTime(at);
            if (answer.State == ProbeState.Asked && age > AnswerTimeout)
            {
                Set(address, new ProbeAnswer(ProbeState.Free, ""));
                changed = true;
            }
            else if (age > (answer.State == ProbeState.Free ? FreeFor : OccupiedFor))
            {
                _known.Remove(address);
                Current = Current.Remove(address);
                changed |= answer.State == ProbeState.Occupied;
            }
        }

        return changed;
    }
}
