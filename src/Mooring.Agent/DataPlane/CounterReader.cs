using System.Net;
using System.Text.Json;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.DataPlane;

/// <summary>Reads the counters of the services map from nft's JSON.</summary>
internal static class CounterReader
{
    public static IReadOnlyList<ServiceCounters> Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var counters = new List<ServiceCounters>();
        foreach (var entry in document.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (!entry.TryGetProperty("map", out var map) || !map.TryGetProperty("elem", out var elements))
            {
                continue;
            }

            foreach (var pair in elements.EnumerateArray())
            {
                if (!pair[0].TryGetProperty("elem", out var element)
                    || !element.TryGetProperty("counter", out var counter))
                {
                    continue;
                }

                var key = element.GetProperty("val").GetProperty("concat");
                counters.Add(new ServiceCounters(
                    IPAddress.Parse(key[0].GetString()!),
                    key[1].GetString() == "udp" ? TransportProtocol.Udp : TransportProtocol.Tcp,
                    (ushort)key[2].GetInt32(),
                    counter.GetProperty("packets").GetInt64(),
                    counter.GetProperty("bytes").GetInt64()));
            }
        }

        return counters;
    }
}
