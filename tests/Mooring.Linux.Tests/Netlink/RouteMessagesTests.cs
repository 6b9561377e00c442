using System.Net;
using Mooring.Linux.Netlink;

namespace Mooring.Linux.Tests.Netlink;

public sealed class RouteMessagesTests
{
    private static readonly byte[] Link =
    [
        0, 0, 1, 0, 2, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0, // Ethernet, index 2, UP|BROADCAST|RUNNING|LOWER_UP
        9, 0, 3, 0, .. "eth0\0"u8, 0, 0, 0, // IFLA_IFNAME
        10, 0, 1, 0, 2, 0, 0, 0, 0, 10, 0, 0, // IFLA_ADDRESS
        8, 0, 4, 0, 0xDC, 5, 0, 0, // IFLA_MTU 1500
        5, 0, 16, 0, 6, 0, 0, 0, // IFLA_OPERSTATE up
        16, 0, 18, 0x80, 9, 0, 1, 0, .. "vlan\0"u8, 0, 0, 0, // IFLA_LINKINFO { IFLA_INFO_KIND }, nested flag set
    ];

    private static readonly byte[] Address =
    [
        2, 24, 0, 0, 2, 0, 0, 0,
        8, 0, 1, 0, 10, 70, 0, 11, // IFA_ADDRESS
        8, 0, 2, 0, 10, 70, 0, 11, // IFA_LOCAL
    ];

    private static readonly byte[] Route =
    [
        2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0,
        8, 0, 15, 0, 254, 0, 0, 0, // RTA_TABLE
        8, 0, 5, 0, 10, 70, 0, 1, // RTA_GATEWAY
        8, 0, 4, 0, 2, 0, 0, 0, // RTA_OIF
    ];

    [Fact]
    public void ReadLink_Whole_ReadsEveryField()
    {
        var link = RouteMessages.ReadLink(Link).ShouldNotBeNull();

        link.Index.ShouldBe(2);
        link.Name.ShouldBe("eth0");
        link.Mac.ToString().ShouldBe("02000000000A");
        link.Mtu.ShouldBe(1500);
        link.Up.ShouldBeTrue();
        link.SpeaksArp.ShouldBeTrue();
        link.Kind.ShouldBe("vlan");
    }

    [Theory]
    [InlineData(8, 0x42, "not IFF_UP")]
    [InlineData(10, 0x00, "no carrier")]
    [InlineData(52, 0x02, "operational state down")]
    public void ReadLink_NotReady_IsNotUp(int offset, byte value, string what)
    {
        var link = Link.ToArray();
        link[offset] = value;

        RouteMessages.ReadLink(link).ShouldNotBeNull().Up.ShouldBeFalse(what);
    }

    [Fact]
    public void ReadAddress_Whole_GivesAddressAndSubnet()
        => RouteMessages.ReadAddress(Address).ShouldBe(
            (2, new LinkAddress(IPAddress.Parse("10.70.0.11"), IPNetwork.Parse("10.70.0.0/24"))));

    [Fact]
    public void ReadAddress_PrefixLongerThanTheAddress_IsRefused()
    {
        var address = Address.ToArray();
        address[1] = 33;

        RouteMessages.ReadAddress(address).ShouldBeNull();
    }

    [Fact]
    public void ReadDefaultGateways_Whole_GivesTheGateway()
        => Gateways(Route).ShouldBe([new DefaultGateway(IPAddress.Parse("10.70.0.1"), 2, 0)]);

    [Fact]
    public void Read_CutAtEveryLength_NeverThrows()
    {
        for (var length = 0; length < Link.Length; length++)
        {
            var link = RouteMessages.ReadLink(Link.AsSpan(0, length));
            if (length < 25)
            {
                link.ShouldBeNull($"{length} bytes have no name");
            }
        }

        for (var length = 0; length < 16; length++)
        {
            RouteMessages.ReadAddress(Address.AsSpan(0, length)).ShouldBeNull($"{length} bytes");
        }

        for (var length = 0; length < 28; length++)
        {
            Gateways(Route[..length]).ShouldBeEmpty($"{length} bytes");
        }
    }

    [Fact]
    public void Read_RandomDamage_NeverThrows()
    {
        var random = new Random(20260103);
        for (var round = 0; round < 20_000; round++)
        {
            RouteMessages.ReadLink(Damaged(Link, random));
            RouteMessages.ReadAddress(Damaged(Address, random));
            Gateways(Damaged(Route, random));
        }
    }

    [Fact]
    public void TryRead_MessagesCutAtEveryLength_EndsAndSaysMalformed()
    {
        byte[] datagram = [20, 0, 0, 0, 16, 0, 2, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4, .. new byte[16]];
        datagram[20] = 16;
        for (var length = 0; length <= datagram.Length; length++)
        {
            var reader = new NetlinkMessageReader(datagram.AsSpan(0, length));
            var count = 0;
            while (reader.TryRead(out var message))
            {
                message.Body.Length.ShouldBe(count == 0 ? 4 : 0);
                count++;
            }

            count.ShouldBe(length < 20 ? 0 : length < 36 ? 1 : 2);
            reader.Malformed.ShouldBe(length is not (0 or 20 or 36));
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(15u)]
    [InlineData(0xFFFF_FFFFu)]
    public void TryRead_LengthFieldWrong_IsMalformed(uint length)
    {
        var datagram = new byte[32];
        BitConverter.TryWriteBytes(datagram, length);

        var reader = new NetlinkMessageReader(datagram);

        reader.TryRead(out _).ShouldBeFalse();
        reader.Malformed.ShouldBeTrue();
    }

    private static List<DefaultGateway> Gateways(byte[] body)
    {
        var gateways = new List<DefaultGateway>();
        RouteMessages.ReadDefaultGateways(body, gateways);
        return gateways;
    }

    private static byte[] Damaged(byte[] body, Random random)
    {
        var damaged = body[..random.Next(body.Length + 1)];
        for (var i = 0; i < 3 && damaged.Length > 0; i++)
        {
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
        }

        return damaged;
    }
}
