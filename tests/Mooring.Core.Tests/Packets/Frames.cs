namespace Mooring.Core.Tests.Packets;

/// <summary>Frames as tcpdump -xx prints them.</summary>
internal static class Frames
{
    /// <summary>Who has 10.70.0.100, tell 10.70.0.1.</summary>
    public static readonly byte[] ArpRequest = Hex(
        "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a460001 000000000000 0a460064");

    /// <summary>10.70.0.1 pings 10.70.0.100, id 0x1234, sequence 1, eight bytes of data.</summary>
    public static readonly byte[] EchoRequest = Hex(
        "0200000000aa 020000000001 0800"
        + "4500 0024 abcd 4000 4001 7a1b 0a460001 0a460064"
        + "0800 d5b6 1234 0001 0102030405060708");

    public static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", ""));
}
