using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mooring.Linux.Namespaces;
using Mooring.Linux.PacketSockets;

namespace Mooring.Linux.Tests.PacketSockets;

public sealed class MulticastGroupsTests : IDisposable
{
    private readonly TestNamespaces _namespaces = new();
    private readonly NetworkNamespace _inside;
    private readonly int _index;

    public MulticastGroupsTests()
    {
        _inside = _namespaces.Create("m");
        var other = _namespaces.Create("o");
        TestNamespaces.Join(_inside, "eth0", "02:00:00:00:00:0a", other, "eth0", "02:00:00:00:00:0b");
        _index = _inside.Run(() => NetworkInterface.GetAllNetworkInterfaces().Single(one => one.Name == "eth0")
            .GetIPProperties().GetIPv6Properties().Index);
    }

    public void Dispose() => _namespaces.Dispose();

    [Fact]
    public void Set_MoreGroupsThanASocketTakes_JoinsAllAndLeavesWhatIsTooMany()
    {
        using var groups = Open();

        groups.Set(Groups(0, 1000));
        Joined().ShouldBe(1000);
        Ethernet().ShouldContain("33:33:ff:70:03:e7", Case.Sensitive, "the network card takes the last one too");

        groups.Set(Groups(990, 20));
        Joined().ShouldBe(20);

        groups.Set(Groups(0, 0));
        Joined().ShouldBe(0);
    }

    [Fact]
    public void Dispose_Joined_LeavesAll()
    {
        var groups = Open();
        groups.Set(Groups(0, 3));

        groups.Dispose();

        Joined().ShouldBe(0);
    }

    [Fact]
    public void Set_InterfaceIsGone_LeavesQuietlyAndRefusesToJoin()
    {
        using var groups = Open();
        groups.Set(Groups(0, 2));
        TestNamespaces.Ip(_inside, "link delete eth0");

        groups.Set(Groups(0, 1));

        Should.Throw<SocketException>(() => groups.Set(Groups(0, 3)));
    }

    private MulticastGroups Open() => new(_index, () => _inside.Run(
        () => new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp)));

    private static HashSet<IPAddress> Groups(int first, int count)
        => [.. Enumerable.Range(first, count).Select(i => IPAddress.Parse($"ff02::1:ff70:{i:x}"))];

    private int Joined() => Ethernet().Split('\n').Count(line => line.Contains("ff02::1:ff70:", StringComparison.Ordinal));

    private string Ethernet() => TestNamespaces.Exec(_inside, "ip maddress show dev eth0");
}
