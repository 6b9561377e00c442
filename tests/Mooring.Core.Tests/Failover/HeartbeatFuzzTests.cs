using System.Net;
using System.Net.NetworkInformation;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Failover;

/// <summary>A standby that hears its holder, and a machine on the segment that has no key and sends whatever it can.</summary>
public sealed class HeartbeatFuzzTests
{
    private const int Packets = 1_000_000;
    private const int PerHeartbeat = 10_000;
    private const ulong OwnEpoch = 7;

    private static readonly IPAddress Address = IPAddress.Parse("10.70.0.100");
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Random _random = new(20260101);
    private readonly HeartbeatInbox _inbox = new("node-2", OwnEpoch);
    private readonly FailoverMachine _machine = new("node-2", []);
    private readonly HeartbeatKey _key = Key(1);
    private readonly HeartbeatKey _next = Key(2);
    private readonly HeartbeatKey _foreign = Key(1);
    private readonly List<byte[]> _tape = [];
    private readonly byte[] _buffer = new byte[HeartbeatCodec.MaxLength + 200];
    private TimeSpan _now = TimeSpan.FromSeconds(1);
    private ulong _sequence = 1000;

    [Fact]
    public void Accept_AMillionHostilePackets_ChangeNothingAndAreCountedByReason()
    {
        var counts = new Dictionary<HeartbeatDecodeResult, int>();
        Start();
        var version = _machine.Version;
        var hostile = 0;

        while (hostile < Packets)
        {
            for (var i = 0; i < PerHeartbeat; i++, hostile++)
            {
                var result = _inbox.Accept(NextHostile(), _now, out var heartbeat, out _);
                if (result == HeartbeatDecodeResult.Ok || heartbeat is not null)
                {
                    Assert.Fail($"packet {hostile} was taken for a heartbeat");
                }

                counts[result] = counts.GetValueOrDefault(result) + 1;
            }

            HearHolder().ShouldBe(HeartbeatDecodeResult.Ok);
            _machine.Version.ShouldBe(version);
            var view = _machine.Views().Single();
            (view.Role, view.Holder, view.Term).ShouldBe((AddressRole.Standby, "node-1", 1UL));
        }

        counts.Values.Sum().ShouldBe(Packets);
        counts.Keys.ShouldBe(
            Enum.GetValues<HeartbeatDecodeResult>().Except([HeartbeatDecodeResult.Ok, HeartbeatDecodeResult.Malformed]),
            ignoreOrder: true);
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Join(", ", counts.OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key} {pair.Value}")));
    }

    private void Start()
    {
        NodePeer[] nodes = [.. Enumerable.Range(1, 3).Select(number => new NodePeer
        {
            Name = $"node-{number}",
            Interfaces =
            [
                new NodeInterface
                {
                    Name = "eth0",
                    Index = 2,
                    Up = true,
                    MacAddress = new PhysicalAddress([2, 0, 0, 0, 0, (byte)number]),
                    Addresses = [new InterfaceAddress(new IPAddress([10, 70, 0, (byte)(10 + number)]), IPNetwork.Parse("10.70.0.0/24"))],
                },
            ],
        })];
        var snapshot = new ClusterSnapshot
        {
            Revision = 1,
            Nodes = [.. nodes],
            HeartbeatKeys = [_key, _next],
            VirtualIps =
            [
                new VirtualIpIntent
                {
                    Key = new NamespacedName("default", "web"),
                    Addresses = [new AddressIntent { Address = Address, Candidates = ["node-1", "node-2", "node-3"] }],
                },
            ],
        };
        _inbox.Configure(snapshot);
        _machine.SetInterfaces(_now, nodes[1].Interfaces);
        _machine.ApplySnapshot(_now, snapshot);

        // What was said to the start before this one is on tape as well, signed by both keys.
        for (var i = 0; i < 100; i++)
        {
            _tape.Add(Encode("node-1", "node-2", i % 2 == 0 ? _key : _next, epoch: 3, receiverEpoch: OwnEpoch - 1));
            _tape.Add(Encode("node-1", "node-3", _key, epoch: 4, receiverEpoch: 9));
            _tape.Add(Encode("node-9", "node-2", _key, epoch: 4, receiverEpoch: OwnEpoch));
        }

        HearHolder();
    }

    private HeartbeatDecodeResult HearHolder()
    {
        _now += Interval;
        var packet = Encode("node-1", "node-2", _key, epoch: 4, receiverEpoch: OwnEpoch);
        var result = _inbox.Accept(packet, _now, out var heartbeat, out var sequence);
        _machine.HeartbeatReceived(_now, heartbeat!, sequence);
        _machine.Tick(_now);
        _tape.Add(packet);
        return result;
    }

    private ReadOnlySpan<byte> NextHostile()
    {
        var recorded = _tape[_random.Next(_tape.Count)];
        var packet = _buffer.AsSpan(0, recorded.Length);
        recorded.CopyTo(packet);
        switch (_random.Next(8))
        {
            case 0: // as it was
                return packet;
            case 1: // cut short
                return packet[.._random.Next(packet.Length)];
            case 2: // some bits turned
                for (var flips = _random.Next(1, 9); flips > 0; flips--)
                {
                    packet[_random.Next(packet.Length)] ^= (byte)(1 << _random.Next(8));
                }

                // Two flips may undo each other, which leaves a replay.
                return packet;
            case 3: // something behind it
                packet = _buffer.AsSpan(0, _random.Next(packet.Length + 1, _buffer.Length));
                _random.NextBytes(packet[recorded.Length..]);
                return packet;
            case 4: // a term that beats all, under another key of the same number
                return Encode("node-3", "node-2", _foreign, epoch: 4, receiverEpoch: OwnEpoch, term: ulong.MaxValue / 2);
            case 5: // another version, number of key or magic
                packet[_random.Next(3) switch { 0 => 4, 1 => 6, _ => _random.Next(4) }] = (byte)_random.Next(256);
                return packet;
            case 6: // the number and epoch of a packet that is still to come, without the key to sign it
                packet[_random.Next(8, 24)]++;
                return packet;
            default: // anything at all
                packet = _buffer.AsSpan(0, _random.Next(_buffer.Length));
                _random.NextBytes(packet);
                if (_random.Next(2) == 0 && packet.Length > 8)
                {
                    recorded.AsSpan(0, 8).CopyTo(packet);
                }

                return packet;
        }
    }

    private byte[] Encode(
        string sender, string receiver, HeartbeatKey key, ulong epoch, ulong receiverEpoch, ulong term = 1)
    {
        var bytes = new byte[HeartbeatCodec.MaxLength];
        var heartbeat = new Heartbeat { Sender = sender, Epoch = epoch, ReceiverEpoch = receiverEpoch, Revision = 1 };
        AddressClaim[] claims = [new(Address, ClaimKind.Holder, term, 0)];
        var length = HeartbeatCodec.Encode(bytes, receiver, ++_sequence, heartbeat, claims, key, out _);
        return bytes[..length];
    }

    private static HeartbeatKey Key(byte id)
    {
        var secret = new byte[HeartbeatKey.SecretLength];
        System.Security.Cryptography.RandomNumberGenerator.Fill(secret);
        return new HeartbeatKey(id, [.. secret]);
    }
}
