using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Protocol.Snapshots;

/// <summary>What must hold between the objects of a snapshot.</summary>
internal static class SnapshotRules
{
    public static void Check(
        IReadOnlyCollection<VirtualIpIntent> vips, IReadOnlyDictionary<string, BackendSet> sets, ProblemList problems)
    {
        var addresses = new Dictionary<IPAddress, (NamespacedName Vip, AddressIntent Intent)>();
        var services = new Dictionary<(IPAddress, TransportProtocol, ushort), NamespacedName>();
        foreach (var vip in vips)
        {
            for (var i = 0; i < vip.Ports.Length; i++)
            {
                if (!sets.ContainsKey(vip.Ports[i].BackendSetId))
                {
                    problems.Add(
                        vip.Key.ToString(),
                        $"ports[{i}].backend_set_id",
                        $"'{ObjectReader.Shorten(vip.Ports[i].BackendSetId)}' is not a backend set of this snapshot");
                }
            }

            for (var i = 0; i < vip.Addresses.Length; i++)
            {
                CheckAddress(vip, i);
            }
        }

        void CheckAddress(VirtualIpIntent vip, int index)
        {
            var intent = vip.Addresses[index];
            if (!addresses.TryAdd(intent.Address, (vip.Key, intent)))
            {
                var (other, first) = addresses[intent.Address];
                if (first.Term != intent.Term || first.Move != intent.Move
                    || !first.Candidates.SequenceEqual(intent.Candidates, StringComparer.Ordinal))
                {
                    problems.Add(
                        vip.Key.ToString(),
                        $"addresses[{index}]",
                        $"{intent.Address} has other candidates, another term or another move in {other}: an address has one holder");
                }
            }

            for (var i = 0; i < vip.Ports.Length; i++)
            {
                var port = vip.Ports[i];
                if (!services.TryAdd((intent.Address, port.Protocol, port.Port), vip.Key)
                    && services[(intent.Address, port.Protocol, port.Port)] is var other && other != vip.Key)
                {
                    problems.Add(
                        vip.Key.ToString(),
                        $"ports[{i}].port",
                        $"{intent.Address} {port.Protocol} {port.Port} belongs to {other} already");
                }
            }
        }
    }
}
