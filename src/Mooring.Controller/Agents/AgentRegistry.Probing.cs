using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Controller.Agents;

/// <summary>Has agents look whether a machine of the network uses an address, before it is given.</summary>
internal sealed partial class AgentRegistry
{
    /// <summary>Addresses in one question.</summary>
    private const int MaxProbed = 200;

    /// <summary>Has an agent with a subnet that has the address ask the network who uses it.</summary>
    /// <param name="taken">Addresses whose answers have served.</param>
    public void Probe(IEnumerable<IPAddress> addresses, IEnumerable<IPAddress> taken)
    {
        lock (_lock)
        {
            foreach (var address in taken)
            {
                _probes.Forget(address);
            }

            foreach (var group in addresses.Where(address => !_probes.IsKnown(address))
                .Select(address => (address, Asked: _entries.Values.FirstOrDefault(entry => entry.Session is { ProbesAddresses: true }
                    && entry.Facts.Interfaces.Any(nic => nic.Up && nic.OnLink(address) is not null))))
                .Where(entry => entry.Asked is not null)
                .GroupBy(entry => entry.Asked!)
                .ToArray())
            {
                foreach (var part in group.Chunk(MaxProbed))
                {
                    var probe = new AddressProbe();
                    foreach (var (address, _) in part)
                    {
                        probe.Addresses.Add(address.ToString());
                        _probes.Set(address, new ProbeAnswer(ProbeState.Asked, ""));
                    }

                    group.Key.Session!.Probes.Enqueue(probe);
                }

                group.Key.Session!.Wake.Raise();
            }
        }
    }

    /// <summary>What an agent found. A node of ours that still answers for an address that it gave up is no stranger.</summary>
    public void Probed(AgentSession session, IEnumerable<(IPAddress Address, PhysicalAddress? Mac)> found) =>
        Update(session, (_, _) =>
        {
            foreach (var (address, mac) in found.Where(one => _probes.IsKnown(one.Address)))
            {
                var stranger = mac is not null
                    && !_entries.Values.Any(entry => entry.Facts.Interfaces.Any(nic => nic.MacAddress.Equals(mac)));
                _probes.Set(address, stranger
                    ? new ProbeAnswer(ProbeState.Occupied, $"a machine with the MAC address {Text(mac!)} answers for it")
                    : new ProbeAnswer(ProbeState.Free, ""));
            }
        });

    private static string Text(PhysicalAddress mac) =>
        string.Join(':', mac.GetAddressBytes().Select(part => part.ToString("x2", CultureInfo.InvariantCulture)));
}
