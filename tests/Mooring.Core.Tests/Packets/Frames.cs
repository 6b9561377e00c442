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

    /// <summary>Who has fd00:70::100, asked by fd00:70::1.</summary>
    public static readonly byte[] NeighborSolicitation = Hex(
        "3333ff000100 020000000001 86dd 60000000 0020 3a ff"
        + "fd000070000000000000000000000001 ff0200000000000000000001ff000100"
        + "87 00 7abb 00000000 fd000070000000000000000000000100 01 01 020000000001");

    /// <summary>Has anybody fd00:70::100 already? From ::, without an option.</summary>
    public static readonly byte[] NeighborProbe = Hex(
        "3333ff000100 020000000001 86dd 60000000 0018 3a ff"
        + "00000000000000000000000000000000 ff0200000000000000000001ff000100"
        + "87 00 7b37 00000000 fd000070000000000000000000000100");

    /// <summary>fd00:70::1 pings fd00:70::100, id 0x1234, sequence 1, eight bytes of data.</summary>
    public static readonly byte[] EchoRequestV6 = Hex(
        "0200000000aa 020000000001 86dd 60000000 0010 3a 40"
        + "fd000070000000000000000000000001 fd000070000000000000000000000100"
        + "80 00 6189 1234 0001 0102030405060708");

    public static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", ""));
}
