using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Interfaces;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Speaker;

/// <summary>Asks the network whether some machine uses an address, before it is given to anybody.</summary>
internal sealed partial class AddressProber(
    INodeInterfaces interfaces, SpeakerSockets sockets, TimeProvider time, ILogger<AddressProber> logger)
{
    /// <summary>Questions for each address: one may be lost.</summary>
    private const int Questions = 2;

    /// <summary>
    /// For an answer to each question. RFC 5227 has hosts wait seconds for themselves; a Service waits for this, and what answers
    /// late is found when the address is announced.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(150);

    /// <returns>Who answered, by address; null for an address that nobody answered for, or that cannot be asked for here.</returns>
    public async Task<IReadOnlyDictionary<IPAddress, PhysicalAddress?>> ProbeAsync(
        IReadOnlyCollection<IPAddress> addresses, CancellationToken cancellationToken)
    {
        var answers = addresses.Distinct().ToDictionary(address => address, _ => (PhysicalAddress?)null);
        var groups = answers.Keys
            .Select(address => (address, On: interfaces.Current.FirstOrDefault(nic => nic.Up && nic.OnLink(address) is not null)))
            .Where(entry => entry.On is not null)
            .GroupBy(entry => (Interface: entry.On!.Index, entry.address.AddressFamily));
        var loops = new List<(ReceiveLoop Loop, NodeInterface On, IPAddress[] Asked)>();
        try
        {
            foreach (var group in groups)
            {
                var asked = group.Select(entry => entry.address).ToArray();
                loops.Add((Open(group.First().On!, asked, answers), group.First().On!, asked));
            }

            for (var question = 0; question < Questions; question++)
            {
                foreach (var (loop, on, asked) in loops)
                {
                    Ask(loop, on, asked, answers);
                }

                await Task.Delay(Patience, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is SocketException or SystemCallException)
        {
            Log.Failed(logger, exception);
        }
        finally
        {
            loops.ForEach(entry => entry.Loop.Dispose());
        }

        return answers;
    }

    private ReceiveLoop Open(NodeInterface on, IPAddress[] asked, Dictionary<IPAddress, PhysicalAddress?> answers)
    {
        var own = MacAddress.From(on.MacAddress);
        var v4 = asked[0].AddressFamily == AddressFamily.InterNetwork;
        var socket = v4
            ? sockets.Packets(
                new LinkLayerEndPoint((ushort)EtherType.Arp, on.Index),
                PacketFilter.ArpFrom([.. asked.Select(address => IPv4Address.From(address).Value)]))
            : sockets.Packets(
                new LinkLayerEndPoint((ushort)EtherType.IPv6, on.Index),
                PacketFilter.NeighborDiscovery([.. asked.Select(address => (uint)IPv6Address.From(address).Low)]));
        var byValue = asked.ToDictionary(address => address.ToString(), StringComparer.Ordinal);
        var loop = new ReceiveLoop(
            $"probe {on.Name}",
            socket,
            (frame, _) =>
            {
                if (SpeakerOf(frame, v4) is var (address, mac) && mac != own && byValue.TryGetValue(address, out var known))
                {
                    lock (answers)
                    {
                        answers[known] = mac.ToPhysicalAddress();
                    }
                }
            },
            static () => { },
            exception => Log.Failed(logger, exception));
        loop.Start();
        return loop;
    }

    private static (string Address, MacAddress Mac)? SpeakerOf(ReadOnlySpan<byte> frame, bool v4)
    {
        if (v4)
        {
            return ArpPacket.TryReadFrame(frame, out var packet) ? (packet.SenderAddress.ToString(), packet.SenderMac) : null;
        }

        return NeighborMessage.TryReadFrame(frame, out var message)
            ? ((message.Type == NeighborMessageType.Advertisement ? message.Target : message.Source).ToString(), message.Mac)
            : null;
    }

    private static void Ask(ReceiveLoop loop, NodeInterface on, IPAddress[] asked, Dictionary<IPAddress, PhysicalAddress?> answers)
    {
        var mac = MacAddress.From(on.MacAddress);
        Span<byte> frame = stackalloc byte[NeighborMessage.MaxFrameLength];
        foreach (var address in asked)
        {
            lock (answers)
            {
                if (answers[address] is not null)
                {
                    continue;
                }
            }

            var own = on.OnLink(address)!.Address;
            if (address.AddressFamily == AddressFamily.InterNetwork)
            {
                new ArpPacket(ArpOperation.Request, mac, IPv4Address.From(own), default, IPv4Address.From(address))
                    .WriteFrame(frame, MacAddress.Broadcast);
                loop.Send(frame[..ArpPacket.FrameLength]);
            }
            else
            {
                var target = IPv6Address.From(address);
                var question = NeighborMessage.Question(mac, IPv6Address.From(own), target);
                loop.Send(frame[..(question with { Destination = target.SolicitedNode }).WriteFrame(frame, default)]);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Addresses cannot be asked for; they are taken for free")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
