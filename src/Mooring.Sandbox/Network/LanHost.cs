using System.Net;

namespace Mooring.Sandbox.Network;

/// <summary>A host on the sandbox's LAN, and on the second one where there is one.</summary>
internal sealed record LanHost(
    string Name, IPAddress Address, IPAddress AddressV6, IPAddress SecondAddress, IPAddress SecondAddressV6)
{
    /// <summary>Its port in the switch of the second LAN.</summary>
    public string SecondPort => $"{Name}b";

    public static LanHost At(string name, int octet) => new(
        name,
        IPAddress.Parse($"10.70.0.{octet}"),
        IPAddress.Parse($"fd00:70::{octet}"),
        IPAddress.Parse($"10.72.0.{octet}"),
        IPAddress.Parse($"fd00:72::{octet}"));
}
