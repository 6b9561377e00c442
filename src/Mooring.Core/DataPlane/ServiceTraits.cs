namespace Mooring.Core.DataPlane;

/// <summary>What a service needs of the node beside its own rules.</summary>
[Flags]
public enum ServiceTraits
{
    None = 0,
    IPv6 = 1,

    /// <summary>It is forwarded directly: paths to the other nodes.</summary>
    Direct = 2,

    /// <summary>Paths for IPv6.</summary>
    DirectIPv6 = 4,
}
