using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Packets;

namespace Mooring.Agent.Speaker;

/// <summary>
/// The addresses of one family, for the receiving threads to look up. Changed by one owner at a time, who replaces it
/// piece by piece.
/// </summary>
internal sealed class AddressBook<TAddress>(Func<IPAddress, TAddress> read)
    where TAddress : struct
{
    private volatile ImmutableDictionary<TAddress, HeldAddress> _held = ImmutableDictionary<TAddress, HeldAddress>.Empty;
    private volatile ImmutableHashSet<TAddress> _watched = [];
    private volatile ImmutableHashSet<MacAddress> _ownMacs = [];

    public void Hold(HeldAddress held) => _held = _held.SetItem(read(held.Address), held);

    public void Release(IPAddress address) => _held = _held.Remove(read(address));

    public void Watch(IEnumerable<IPAddress> addresses) => _watched = [.. addresses.Select(read)];

    public void SetOwnMacs(ImmutableHashSet<MacAddress> macs) => _ownMacs = macs;

    public HeldAddress? HeldAt(TAddress address) => _held.GetValueOrDefault(address);

    public bool IsWatched(TAddress address) => _watched.Contains(address);

    public bool IsOwn(MacAddress mac) => _ownMacs.Contains(mac);
}
