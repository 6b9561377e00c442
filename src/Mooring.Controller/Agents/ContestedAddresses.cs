using System.Collections.Immutable;
using System.Net;

namespace Mooring.Controller.Agents;

/// <summary>
/// Addresses that two machines claim, as agents see it on the wire. A conflict among nodes is over when one of the two has
/// given the address up; one with a foreign host when nothing was seen of it for a while.
/// </summary>
internal sealed class ContestedAddresses(TimeProvider time)
{
    /// <summary>
    /// A conflict that goes on is seen again with every announcement of the other side, a minute apart and a fifth more at
    /// most; agents tell of each at most every 10 s.
    /// </summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(90);

    private readonly Dictionary<(IPAddress Address, string Other), (ReportedConflict Conflict, long SeenAt)> _seen = [];

    /// <summary>The latest conflict of each address.</summary>
    public ImmutableDictionary<IPAddress, ReportedConflict> Current { get; private set; } =
        ImmutableDictionary<IPAddress, ReportedConflict>.Empty;

    /// <summary>Some address is contested: <see cref="Expire"/> has to be called at times.</summary>
    public bool Any => _seen.Count > 0;

    public void Saw(ReportedConflict conflict)
    {
        _seen[(conflict.Address, conflict.Owner ?? conflict.MacAddress)] = (conflict, time.GetTimestamp());
        Current = Current.SetItem(conflict.Address, conflict);
    }

    /// <summary>The node does not answer for the address any more.</summary>
    public void GaveUp(string node, IPAddress address) => Remove(entry =>
        entry.Conflict.Address.Equals(address) && entry.Conflict.Owner is { } owner
        && (owner == node || entry.Conflict.SeenBy == node));

    /// <summary>Forgets what was not seen again.</summary>
    /// <returns>True when something was forgotten.</returns>
    public bool Expire() => Remove(entry => time.GetElapsedTime(entry.SeenAt) >= Memory);

    private bool Remove(Func<(ReportedConflict Conflict, long SeenAt), bool> condition)
    {
        var over = _seen.Where(entry => condition(entry.Value)).Select(entry => entry.Key).ToArray();
        foreach (var key in over)
        {
            _seen.Remove(key);
        }

        if (over.Length > 0)
        {
            Current = _seen.Values.OrderBy(entry => entry.SeenAt)
                .Select(entry => entry.Conflict)
                .Aggregate(
                    ImmutableDictionary<IPAddress, ReportedConflict>.Empty,
                    (current, conflict) => current.SetItem(conflict.Address, conflict));
        }

        return over.Length > 0;
    }
}
