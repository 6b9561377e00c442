using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>The families of a Service's cluster addresses: IPv4, and IPv6 beside it where it asks for both.</summary>
internal static class ServiceFamilies
{
    public static void Prepare(JsonObject spec)
    {
        spec["ipFamilyPolicy"] ??= "SingleStack";
        spec["ipFamilies"] ??= new JsonArray("IPv4");
        var families = spec.Arr("ipFamilies")!;
        var address = spec.Str("clusterIP") ?? "";
        if (spec.Str("ipFamilyPolicy") == "SingleStack" || address == "None")
        {
            spec["clusterIPs"] = new JsonArray(address);
            return;
        }

        if (families.Count == 1)
        {
            families.Add((string?)families[0] == "IPv6" ? "IPv4" : "IPv6");
        }

        spec["clusterIPs"] = new JsonArray(address, Second(address));
    }

    /// <summary>fd00:96::/112, by the last two bytes of the address in 10.96.0.0/16.</summary>
    private static string Second(string address)
    {
        var bytes = IPAddress.Parse(address).GetAddressBytes();
        return IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"fd00:96::{(bytes[2] << 8) | bytes[3]:x}")).ToString();
    }
}
