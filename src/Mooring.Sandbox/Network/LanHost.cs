using System.Net;

namespace Mooring.Sandbox.Network;

/// <summary>A host on the sandbox's LAN.</summary>
internal sealed record LanHost(string Name, IPAddress Address, IPAddress AddressV6)
{
    public static LanHost At(string name, int octet) =>
        new(name, IPAddress.Parse($"10.70.0.{octet}"), IPAddress.Parse($"fd00:70::{octet}"));
}
