using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>ICMP errors that a client sends to the VIP about what a pod sent, in Nat mode.</summary>
[Collection(nameof(ForwardingLab))]
public sealed class IcmpErrorTests(ForwardingLab lab) : IAsyncLifetime
{
    private const int Icmp = 1;
    private const int IcmpV6 = 58;
    private const int LevelIPv6 = 41; // SOL_IPV6
    private const int ChecksumOffset = 7; // IPV6_CHECKSUM
    private const ushort Closed = 20_500;

    private readonly NftablesDataPlane _engine = new(
        new DataPlaneOptions { Namespace = lab.Node }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);

    public async ValueTask InitializeAsync()
    {
        lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
        await _engine.ProbeAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    /// <summary>The answer of the pod meets a closed port; the error quotes the pod, not the VIP, when it gets there.</summary>
    [Theory]
    [InlineData(ForwardingLab.Vip, "10.71.1.2", Icmp, 3, 3)]
    [InlineData(ForwardingLab.VipV6, "fd00:71:1::2", IcmpV6, 1, 4)]
    public async Task Apply_ClientRefusesAnAnswer_ThePodIsTold(string vip, string pod, int protocol, byte type, byte code)
    {
        var address = IPAddress.Parse(vip);
        var family = address.AddressFamily;
        await ServeAsync(address, IPAddress.Parse(pod));
        using var told = lab.OpenRaw("pod1", family, protocol);
        using var client = lab.OpenRaw("client", family, (int)ProtocolType.Udp);
        if (family == AddressFamily.InterNetworkV6)
        {
            client.SetRawSocketOption(LevelIPv6, ChecksumOffset, BitConverter.GetBytes(6));
        }

        var datagram = new byte[9];
        BinaryPrimitives.WriteUInt16BigEndian(datagram, Closed);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), 53);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);

        var header = family == AddressFamily.InterNetwork ? 20 : 40;
        var error = await Eventually.GetAsync(
            () =>
            {
                client.SendTo(datagram, new IPEndPoint(address, 0));
                return Waiting(told, family, type);
            },
            "the pod gets an error");
        error[1].ShouldBe(code);
        var quoted = error.AsSpan(8);
        new IPAddress(family == AddressFamily.InterNetwork ? quoted.Slice(12, 4) : quoted.Slice(8, 16)).ShouldBe(IPAddress.Parse(pod));
        BinaryPrimitives.ReadUInt16BigEndian(quoted[header..]).ShouldBe((ushort)PodServer.Port);
        BinaryPrimitives.ReadUInt16BigEndian(quoted[(header + 2)..]).ShouldBe(Closed);
    }

    /// <summary>The first message of the type that is there, from its type on; neighbour discovery goes on beside it.</summary>
    private static byte[]? Waiting(Socket socket, AddressFamily family, byte type)
    {
        var bytes = new byte[1500];
        while (socket.Available > 0)
        {
            var length = socket.Receive(bytes);
            var start = family == AddressFamily.InterNetwork ? (bytes[0] & 15) * 4 : 0;
            if (bytes[start] == type)
            {
                return bytes[start..length];
            }
        }

        return null;
    }

    private async Task ServeAsync(IPAddress vip, IPAddress pod)
    {
        await _engine.SetHolderAsync(vip, held: true, CancellationToken.None);
        var result = await _engine.ApplyAsync(
            new DataPlaneState
            {
                Services =
                [
                    WrittenTable.Service(BalancingAlgorithm.Maglev, vip.AddressFamily, [new ForwardedBackend(pod, PodServer.Port, 1, Local: true)]),
                ],
            },
            CancellationToken.None);
        result.Failed.ShouldBeEmpty();
    }
}
