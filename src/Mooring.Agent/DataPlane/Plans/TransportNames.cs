using Mooring.Core.Snapshots;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>Transport protocols as nft and the names of our maps and chains have them.</summary>
internal static class TransportNames
{
    public static readonly string[] All = [Of(TransportProtocol.Tcp), Of(TransportProtocol.Udp), Of(TransportProtocol.Sctp)];

    public static string Of(TransportProtocol protocol) => protocol switch
    {
        TransportProtocol.Tcp => "tcp",
        TransportProtocol.Udp => "udp",
        TransportProtocol.Sctp => "sctp",
        _ => $"{(int)protocol}",
    };

    public static TransportProtocol Parse(ReadOnlySpan<char> name) => name switch
    {
        "tcp" => TransportProtocol.Tcp,
        "udp" => TransportProtocol.Udp,
        "sctp" => TransportProtocol.Sctp,
        _ => throw new FormatException($"'{name}' is no transport protocol"),
    };
}
