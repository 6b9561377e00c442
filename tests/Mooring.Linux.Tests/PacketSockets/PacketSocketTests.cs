using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mooring.Linux.Namespaces;
using Mooring.Linux.PacketSockets;

namespace Mooring.Linux.Tests.PacketSockets;

public sealed class PacketSocketTests : IDisposable
{
    private const ushort Arp = 0x0806;
    private const ushort IPv4 = 0x0800;
    private const string LeftMac = "02:00:00:00:00:0a";
    private const string RightMac = "02:00:00:00:00:0b";

    private readonly TestNamespaces _namespaces = new();
    private readonly NetworkNamespace _left;
    private readonly NetworkNamespace _right;

    public PacketSocketTests()
    {
        _left = _namespaces.Create("l");
        _right = _namespaces.Create("r");
        TestNamespaces.Join(_left, "eth0", LeftMac, _right, "eth0", RightMac);
    }

    public void Dispose() => _namespaces.Dispose();

    [Fact]
    public async Task Receive_FrameSentByThePeer_ArrivesWhole()
    {
        using var left = Open(_left, Arp);
        using var right = Open(_right, Arp);
        var received = ReceiveOnThread(left);

        right.Send(ArpRequest(0x0A46_0064)).ShouldBe(SocketError.Success);

        (await Soon(received)).ShouldBe(ArpRequest(0x0A46_0064));
    }

    [Fact]
    public async Task Receive_FilterOnAddress_WakesForThatAddressAndForMalformedOnly()
    {
        using var left = Open(_left, Arp);
        left.SetFilter(PacketFilter.Arp([0x0A46_0064, 0x0A46_0065]));
        using var right = Open(_right, Arp);

        var received = ReceiveOnThread(left);
        right.Send(ArpRequest(0x0A46_0063));
        right.Send(ArpRequest(0x0A46_0064, destination: 0x0200_0000_00CC)); // to another machine
        right.Send(ArpRequest(0x0A46_0065));
        (await Soon(received)).ShouldBe(ArpRequest(0x0A46_0065));

        received = ReceiveOnThread(left);
        right.Send(ArpRequest(0x0A46_0064).AsSpan(0, 30));
        (await Soon(received)).Length.ShouldBe(30);

        // Every second address of 1,000: more than the program has ranges for, and yet nothing past their end comes up.
        left.SetFilter(PacketFilter.Arp([.. Enumerable.Range(0, 500).Select(i => 0x0A46_0000 + (2 * (uint)i))]));
        received = ReceiveOnThread(left);
        right.Send(ArpRequest(0x0A46_0000 + 1000));
        right.Send(ArpRequest(0x0A46_0000 + 998));
        (await Soon(received)).ShouldBe(ArpRequest(0x0A46_0000 + 998));
    }

    [Fact]
    public async Task Receive_EchoFilter_WakesForEchoRequestsToTheAddressOnly()
    {
        TestNamespaces.Ip(_right, "address add 10.70.0.1/24 dev eth0");
        TestNamespaces.Ip(_right, $"neighbour add 10.70.0.100 lladdr {LeftMac} dev eth0");
        TestNamespaces.Ip(_right, $"neighbour add 10.70.0.101 lladdr {LeftMac} dev eth0");
        using var left = Open(_left, IPv4);
        left.SetFilter(PacketFilter.EchoRequest([0x0A46_0064]));
        using var client = _right.Run(() => new UdpClient("10.70.0.100", 9));
        using var ping = _right.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp));
        byte[] request = [8, 0, 0xF7, 0xFD, 0, 1, 0, 1];

        var received = ReceiveOnThread(left);
        client.Send([1, 2, 3]);
        ping.SendTo(request, new System.Net.IPEndPoint(System.Net.IPAddress.Parse("10.70.0.101"), 0));
        ping.SendTo(request, new System.Net.IPEndPoint(System.Net.IPAddress.Parse("10.70.0.100"), 0));

        var frame = await Soon(received);
        frame.AsSpan(30, 4).ToArray().ShouldBe([10, 70, 0, 100]);
        frame[34].ShouldBe((byte)8);
    }

    [Fact]
    public async Task Receive_IPv4_OtherTypesAndTaggedFramesDoNotComeUp()
    {
        using var left = Open(_left, IPv4);
        using var right = Open(_right, Arp);
        var received = ReceiveOnThread(left);
        byte[] plain = [.. ArpRequest(1).AsSpan(0, 12), 0x08, 0x00, .. new byte[46]];
        byte[] tagged = [.. ArpRequest(1).AsSpan(0, 12), 0x81, 0x00, 0x00, 0x05, 0x08, 0x00, .. new byte[46]];

        right.Send(ArpRequest(7)).ShouldBe(SocketError.Success);
        right.Send(tagged).ShouldBe(SocketError.Success);
        right.Send(plain).ShouldBe(SocketError.Success);

        (await Soon(received)).ShouldBe(plain);
    }

    [Fact]
    public void Receive_FrameLongerThanTheBuffer_IsTruncated()
    {
        using var left = Open(_left, Arp);
        using var right = Open(_right, Arp);
        right.Send(ArpRequest(1));
        var buffer = new byte[20];

        left.Receive(buffer, out var length).ShouldBe(ReceiveStatus.Truncated);

        length.ShouldBe(20);
    }

    [Fact]
    public async Task Receive_LinkDownAndUp_GoesOn()
    {
        using var left = Open(_left, Arp);
        using var right = Open(_right, Arp);
        var received = ReceiveOnThread(left);

        TestNamespaces.Ip(_left, "link set eth0 down");
        left.Send(ArpRequest(1)).ShouldBe(SocketError.NetworkDown);
        TestNamespaces.Ip(_left, "link set eth0 up");
        right.Send(ArpRequest(7)).ShouldBe(SocketError.Success);

        (await Soon(received)).ShouldBe(ArpRequest(7));
        left.Send(ArpRequest(8)).ShouldBe(SocketError.Success);
        (await Soon(ReceiveOnThread(right))).ShouldBe(ArpRequest(8));
    }

    [Fact]
    public async Task Close_WhileReceiving_EndsTheReceive()
    {
        using var left = Open(_left, Arp);
        var received = ReceiveOnThread(left);

        left.Close();

        (await Soon(received)).ShouldBeEmpty();
        left.Send(ArpRequest(1)).ShouldBe(SocketError.Shutdown);
    }

    [Fact]
    public async Task Receive_InterfaceRemoved_WaitsUntilClosed()
    {
        using var left = Open(_left, Arp);
        var received = ReceiveOnThread(left);

        TestNamespaces.Ip(_left, "link delete eth0");
        received.IsCompleted.ShouldBeFalse();
        left.Close();

        (await Soon(received)).ShouldBeEmpty();
    }

    [Fact]
    public void Open_NoSuchInterface_Throws()
        => Should.Throw<SocketException>(() => _left.Run(() => PacketSocket.Open(new LinkLayerEndPoint(Arp, 9999))));

    private static PacketSocket Open(NetworkNamespace inside, ushort etherType) => inside.Run(() =>
    {
        var index = NetworkInterface.GetAllNetworkInterfaces().Single(i => i.Name == "eth0")
            .GetIPProperties().GetIPv4Properties().Index;
        return PacketSocket.Open(new LinkLayerEndPoint(etherType, index));
    });

    /// <summary>The next frame, empty when the socket was closed.</summary>
    private static Task<byte[]> ReceiveOnThread(PacketSocket socket) => Task.Factory.StartNew(
        () =>
        {
            var buffer = new byte[2048];
            socket.Receive(buffer, out var length);
            return buffer[..length];
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private static Task<T> Soon<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30));

    private static byte[] ArpRequest(uint target, ulong destination = 0xFFFF_FFFF_FFFF) => Convert.FromHexString(
        $"{destination:X12}02000000000B08060001080006040001" + "02000000000B0A460001000000000000" + $"{target:X8}");
}
