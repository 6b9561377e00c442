using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>SCTP through the kernel's translation; the kernels of test machines seldom have sockets for it, so packets are made by hand.</summary>
[Collection(nameof(ForwardingLab))]
public sealed class SctpTests(ForwardingLab lab) : IAsyncLifetime
{
    private const ushort Port = 3868;

    private readonly NftablesDataPlane _engine = new(
        new DataPlaneOptions { Namespace = lab.Node }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);

    public async ValueTask InitializeAsync()
    {
        lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
        await _engine.ProbeAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    [Theory]
    [InlineData(ForwardingLab.Vip, "10.71.1.2", "10.71.1.3", "10.70.0.200")]
    [InlineData(ForwardingLab.VipV6, "fd00:71:1::2", "fd00:71:1::3", "fd00:70::200")]
    public async Task Apply_Sctp_EachAssociationReachesThePodOfItsSlotAndComesBack(string vip, string pod1, string pod2, string client)
    {
        var address = IPAddress.Parse(vip);
        await _engine.SetHolderAsync(address, held: true, CancellationToken.None);
        var service = Service(address, pod1, pod2);
        (await ApplyAsync(service)).Failed.ShouldBeEmpty();
        using var sockets = new SctpSockets(lab, address.AddressFamily);
        var table = SparseTable.Build(service.Backends);
        var seen = new HashSet<int>();

        for (ushort port = 20_000; port < 20_020; port++)
        {
            var pod = table.Backends[SparseTable.Find(
                table, (slots, seed) => SlotHash.OfFlow(IPAddress.Parse(client), port, slots, seed))];

            var from = await SctpSockets.SendAsync(
                sockets.Client, new SctpPacket(port, Port, Acknowledges: false), address,
                sockets.Pods[pod], new SctpPacket(port, PodServer.Port, Acknowledges: false));
            var sender = await SctpSockets.SendAsync(
                sockets.Pods[pod], new SctpPacket(PodServer.Port, port, Acknowledges: true), from,
                sockets.Client, new SctpPacket(Port, port, Acknowledges: true));

            (from, sender).ShouldBe((IPAddress.Parse(client), address));
            seen.Add(pod);
        }

        seen.Count.ShouldBe(2);
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
        (await _engine.CountersAsync(CancellationToken.None)).ShouldHaveSingleItem().Protocol.ShouldBe(TransportProtocol.Sctp);
    }

    [Fact]
    public async Task Apply_SctpAgain_ReadsBackWhatIsThere()
    {
        var service = Service(IPAddress.Parse(ForwardingLab.Vip), "10.71.1.2", "10.71.1.3");
        await ApplyAsync(service);

        await using var restarted = new NftablesDataPlane(
            new DataPlaneOptions { Namespace = lab.Node }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);
        (await restarted.ApplyAsync(new DataPlaneState { Services = [service] }, CancellationToken.None)).Changed.ShouldBe(0);
    }

    [Fact]
    public void Plan_Sctp_HasItsOwnChainBesideTheOtherProtocols()
    {
        var sctp = Service(IPAddress.Parse(ForwardingLab.Vip), "10.71.1.2");
        var plan = new TablePlanner(new ServiceNumbers()).Plan(
            new DataPlaneState { Services = [sctp, sctp with { Protocol = TransportProtocol.Tcp }] }, TablePlan.Set(), new PlanChanges());

        plan.Dump().ShouldBe(
            """
            vips: 10.70.0.100
            held: 
            local-backends: 10.71.1.2
            10.70.0.100 . sctp . 3868 -> flow-sctp-1
              0: 10.71.1.2 . 8080
            10.70.0.100 . tcp . 3868 -> flow-tcp-1
              0: 10.71.1.2 . 8080

            """);
        SlotChain.Rules("flow-sctp-1").ShouldBe(
            ["dnat ip to ip daddr . sctp dport . jhash ip saddr . sctp sport mod 1 seed 0x6d6f6f72 map @endpoints-sctp"]);
    }

    private static ForwardedService Service(IPAddress vip, params string[] pods) => new()
    {
        VirtualIp = new NamespacedName("default", "signalling"),
        Address = vip,
        Protocol = TransportProtocol.Sctp,
        Port = Port,
        Backends = [.. pods.Select(pod => new ForwardedBackend(IPAddress.Parse(pod), PodServer.Port, 1, Local: true))],
    };

    private Task<ApplyResult> ApplyAsync(ForwardedService service) =>
        _engine.ApplyAsync(new DataPlaneState { Services = [service] }, CancellationToken.None);

    private sealed class SctpSockets(ForwardingLab lab, AddressFamily family) : IDisposable
    {
        public Socket Client { get; } = lab.OpenRaw("client", family, SctpPacket.Protocol);

        public Socket[] Pods { get; } =
            [lab.OpenRaw("pod1", family, SctpPacket.Protocol), lab.OpenRaw("pod2", family, SctpPacket.Protocol)];

        /// <summary>Sends the packet until it arrives as it should; returns whom it came from then.</summary>
        public static Task<IPAddress> SendAsync(Socket sender, SctpPacket packet, IPAddress to, Socket receiver, SctpPacket arrived) =>
            Eventually.GetAsync(
                () =>
                {
                    sender.SendTo(packet.ToBytes(), new IPEndPoint(to, 0));
                    return Waiting(receiver, arrived);
                },
                $"{arrived}");

        private static IPAddress? Waiting(Socket socket, SctpPacket wanted)
        {
            var bytes = new byte[200];
            while (socket.Available > 0)
            {
                EndPoint from = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
                var length = socket.ReceiveFrom(bytes, ref from);
                if (SctpPacket.Read(bytes.AsSpan(0, length), socket.AddressFamily) == wanted)
                {
                    return ((IPEndPoint)from).Address;
                }
            }

            return null;
        }

        public void Dispose()
        {
            foreach (var socket in Pods.Append(Client))
            {
                socket.Dispose();
            }
        }
    }
}
