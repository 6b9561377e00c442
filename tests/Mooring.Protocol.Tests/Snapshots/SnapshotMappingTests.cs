using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Tests.Snapshots;

public sealed class SnapshotMappingTests
{
    public static TheoryData<string, Action<Snapshot>, string, string> Mistakes => new()
    {
        { "revision", s => s.Revision = 0, "revision", "is 0" },
        { "vip name", s => s.VirtualIps[0].Name = "", "virtual_ips[0].name", "is empty" },
        { "vip twice", s => s.VirtualIps.Add(s.VirtualIps[0].Clone()), "virtual_ips[1]", "is there twice" },
        { "address", s => s.VirtualIps[0].Addresses[0].Address_ = "10.70.0.256", "addresses[0].address", "is not an IP address" },
        { "short address", s => s.VirtualIps[0].Addresses[0].Address_ = "10.70", "addresses[0].address", "is not an IP address" },
        { "multicast", s => s.VirtualIps[0].Addresses[0].Address_ = "224.0.0.18", "addresses[0].address", "not a unicast address" },
        { "any", s => s.VirtualIps[0].Addresses[0].Address_ = "0.0.0.0", "addresses[0].address", "not a unicast address" },
        { "address twice", s => s.VirtualIps[0].Addresses.Add(s.VirtualIps[0].Addresses[0].Clone()), "addresses[1].address", "10.70.0.100 is there twice" },
        { "candidate twice", s => s.VirtualIps[0].Addresses[0].Candidates.Add("node-1"), "addresses[0].candidates[1]", "'node-1' is there twice" },
        { "candidate empty", s => s.VirtualIps[0].Addresses[0].Candidates.Add(""), "addresses[0].candidates[1]", "is empty" },
        { "move without number", s => s.VirtualIps[0].Addresses[0].Move = new Move { To = "node-1" }, "addresses[0].move.id", "is 0" },
        { "move to nowhere", s => s.VirtualIps[0].Addresses[0].Move = new Move { Id = 1, To = "node-9" }, "addresses[0].move.to", "'node-9' is not among the candidates" },
        { "port 0", s => s.VirtualIps[0].Ports[0].Port_ = 0, "ports[0].port", "0 is not a port: use 1 to 65535" },
        { "port huge", s => s.VirtualIps[0].Ports[0].Port_ = 65536, "ports[0].port", "65536 is not a port" },
        { "port twice", s => s.VirtualIps[0].Ports.Add(s.VirtualIps[0].Ports[0].Clone()), "ports[1].port", "Tcp 80 is there twice" },
        { "protocol", s => s.VirtualIps[0].Ports[0].Protocol = (TransportProtocol)9, "ports[0].protocol", "'9' is not known here" },
        { "unknown set", s => s.VirtualIps[0].Ports[0].BackendSetId = "ns/none:1", "ports[0].backend_set_id", "'ns/none:1' is not a backend set" },
        { "forwarding", s => s.VirtualIps[0].Forwarding = ForwardingMode.Unspecified, "forwarding", "is not known here" },
        { "heartbeat", s => s.VirtualIps[0].HeartbeatInterval = null, "heartbeat_interval", "is missing" },
        { "heartbeat short", s => s.VirtualIps[0].HeartbeatInterval = new Duration { Nanos = 1 }, "heartbeat_interval", "must be 10ms to 60s" },
        { "heartbeat nonsense", s => s.VirtualIps[0].HeartbeatInterval = new Duration { Seconds = long.MinValue, Nanos = int.MaxValue }, "heartbeat_interval", "must be 10ms to 60s" },
        { "multiplier", s => s.VirtualIps[0].DetectMultiplier = 0, "detect_multiplier", "0 is out of range" },
        { "set twice", s => s.BackendSets.Add(s.BackendSets[0].Clone()), "backend_sets[1]", "'default/web:8080' is there twice" },
        { "pool", s => s.BackendSets[0].PoolName = "", "pool_name", "is empty" },
        { "algorithm", s => s.BackendSets[0].Algorithm = (Algorithm)99, "algorithm", "'99' is not known here" },
        { "drain", s => s.BackendSets[0].DrainTimeout = new Duration { Seconds = -1 }, "drain_timeout", "must be 0ms to" },
        { "affinity", s => s.BackendSets[0].ClientAffinityTimeout = new Duration(), "client_affinity_timeout", "must be 1s to" },
        { "backend address", s => s.BackendSets[0].Backends[0].Address = "web-1", "backends[0].address", "'web-1' is not an IP address" },
        { "backend port", s => s.BackendSets[0].Backends[0].Port = 0, "backends[0].port", "0 is not a port" },
        { "backend twice", s => s.BackendSets[0].Backends.Add(s.BackendSets[0].Backends[0].Clone()), "backends[1].address", "10.71.1.2:8080 is there twice" },
        { "negative weight", s => s.BackendSets[0].Backends[0].Weight = unchecked((uint)-1), "backends[0].weight", "out of range: use 0 to 65535" },
        { "condition", s => s.BackendSets[0].Backends[0].Condition = BackendCondition.Unspecified, "backends[0].condition", "is not known here" },
        { "too many backends", s => s.BackendSets[0].Backends.AddRange(Enumerable.Repeat(new Backend(), 10_001)), "backends", "has 10002 entries, more than the 10000 supported" },
        { "slots family", s => Slots(s).Family = AddressFamily.Unspecified, "slot_tables[0].family", "is not known here" },
        { "slots twice", s => s.BackendSets[0].SlotTables.Add(Slots(s).Clone()), "slot_tables[1].family", "is there twice" },
        { "slots of no member", s => Slots(s).Members.Clear(), "slot_tables[0].members", "0 is out of range" },
        { "slot member", s => Slots(s).Members[0].Address = "fd00::1", "slot_tables[0].members[0].address", "is not of the table's family" },
        { "slots odd", s => Slots(s).Owners = ByteString.CopyFrom(new byte[6]), "slot_tables[0].owners", "has 6 bytes" },
        { "slot owner", s => Slots(s).Owners = ByteString.CopyFrom(0, 0, 1, 0), "slot_tables[0].owners", "names a member that is not there" },
        { "slots previous", s => Slots(s).Previous.Add(ByteString.CopyFrom(1, 0)), "slot_tables[0].previous[0]", "has 2 bytes, not 4" },
        { "slot previous", s => Slots(s).Previous.Add(ByteString.CopyFrom(1, 0, 2, 0)), "slot_tables[0].previous[0]", "names a node that is not there" },
        { "check type", s => s.BackendSets[0].HealthCheck.Type = HealthCheckType.Unspecified, "health_check.type", "is not known here" },
        { "check path", s => s.BackendSets[0].HealthCheck.Path = "/a b\r\nX: y", "health_check.path", "printable characters without spaces" },
        { "check host", s => s.BackendSets[0].HealthCheck.Host = "a\r\nX: y", "health_check.host", "is not a host name" },
        { "check statuses", s => s.BackendSets[0].HealthCheck.ExpectedStatuses.Add(new StatusRange { First = 300, Last = 200 }), "health_check.expected_statuses[0]", "300-200 is not a range" },
        { "check interval", s => s.BackendSets[0].HealthCheck.Interval = new Duration(), "health_check.interval", "must be 50ms to" },
        { "check threshold", s => s.BackendSets[0].HealthCheck.UnhealthyThreshold = 101, "health_check.unhealthy_threshold", "101 is out of range: use 1 to 100" },
        { "node twice", s => s.Nodes.Add(s.Nodes[0].Clone()), "nodes[1]", "'node-1' is there twice" },
        { "sparse family", s => Sparse(s).Family = AddressFamily.Unspecified, "sparse_tables[0].family", "is not known here" },
        { "sparse twice", s => s.BackendSets[0].SparseTables.Add(Sparse(s).Clone()), "sparse_tables[1].family", "is there twice" },
        { "sparse size", s => Sparse(s).Size = 12, "sparse_tables[0].size", "12 is no power of two" },
        { "sparse large", s => Sparse(s).Size = 131_072, "sparse_tables[0].size", "131072 is out of range" },
        { "sparse short", s => Sparse(s).Slots = ByteString.Empty, "sparse_tables[0].slots", "does not have a slot of its own" },
        { "sparse slot", s => Sparse(s).Slots = Bytes(8, s.BackendSets[0].Backends.Count), "sparse_tables[0].slots", "below 8" },
        { "mac", s => s.Nodes[0].Interfaces[0].MacAddress = ByteString.Empty, "interfaces[0].mac_address", "has 0 bytes, not 6" },
        { "cidr", s => s.Nodes[0].Interfaces[0].Addresses.Add("10.70.0.11"), "interfaces[0].addresses[1]", "is not an address with a prefix length" },
        { "prefix", s => s.Nodes[0].Interfaces[0].Addresses.Add("10.70.0.11/33"), "interfaces[0].addresses[1]", "prefix length 33 is above 32" },
        { "interface name", s => s.Nodes[0].Interfaces[0].Name = "a-name-of-16-chr", "interfaces[0].name", "is longer than the 15" },
        { "key length", s => s.HeartbeatKeys.Add(new HeartbeatKey { Id = 2 }), "heartbeat_keys[1].secret", "has 0 bytes, not 32" },
        { "key id", s => s.HeartbeatKeys[0].Id = 256, "heartbeat_keys[0].id", "256 is out of range" },
    };

    private static SparseTable Sparse(Snapshot snapshot)
    {
        var table = new SparseTable { Family = AddressFamily.Ipv4, Size = 8, Slots = Bytes(0, snapshot.BackendSets[0].Backends.Count) };
        snapshot.BackendSets[0].SparseTables.Add(table);
        return table;
    }

    /// <summary>Ascending, two bytes each.</summary>
    private static ByteString Bytes(int first, int count) =>
        ByteString.CopyFrom([.. Enumerable.Range(first, count).SelectMany(number => (byte[])[(byte)number, 0])]);

    private static SlotTable Slots(Snapshot snapshot)
    {
        snapshot.BackendSets[0].SlotTables.Add(new SlotTable
        {
            Family = AddressFamily.Ipv4,
            Generation = 7,
            Members = { new SlotMember { Address = "10.71.1.2", Port = 8080, NodeName = "node-1" } },
            Owners = ByteString.CopyFrom(0, 0, 0, 0),
            PreviousNodes = { "node-2" },
        });
        return snapshot.BackendSets[0].SlotTables[0];
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void ToCore_OneMistake_IsRefusedNamingTheField(string what, Action<Snapshot> spoil, string field, string message)
    {
        var snapshot = Good();
        spoil(snapshot);

        var result = SnapshotMapping.ToCore(snapshot);

        result.Accepted.ShouldBeFalse(what);
        result.Problems.ShouldContain(
            problem => problem.Field == field && problem.Message.Contains(message),
            $"{what}: {string.Join("; ", result.Problems)}");
    }

    [Fact]
    public void ToCore_Good_IsAccepted()
    {
        var result = SnapshotMapping.ToCore(Good());

        result.Problems.ShouldBeEmpty();
        result.Snapshot!.Nodes[0].Interfaces[0].Addresses[0].Subnet.ToString().ShouldBe("10.70.0.0/24");
    }

    [Fact]
    public void ToCore_OlderThanApplied_IsRefused()
    {
        SnapshotMapping.ToCore(Good(), appliedRevision: 8).Problems.ShouldHaveSingleItem()
            .Message.ShouldBe("7 is older than 8, which is applied");
        SnapshotMapping.ToCore(Good(), appliedRevision: 7).Accepted.ShouldBeTrue();
    }

    [Fact]
    public void ToCore_AddressInTwoVipsWithOtherCandidates_IsRefused()
    {
        var snapshot = Good();
        var other = snapshot.VirtualIps[0].Clone();
        other.Name = "other";
        other.Ports[0].Port_ = 81;
        snapshot.VirtualIps.Add(other);
        SnapshotMapping.ToCore(snapshot).Accepted.ShouldBeTrue();

        other.Addresses[0].Candidates.Add("node-9");

        SnapshotMapping.ToCore(snapshot).Problems.ShouldHaveSingleItem()
            .Message.ShouldContain("has other candidates, another term or another move in default/web");
    }

    [Fact]
    public void ToCore_SameServiceInTwoVips_IsRefused()
    {
        var snapshot = Good();
        var other = snapshot.VirtualIps[0].Clone();
        other.Name = "other";
        snapshot.VirtualIps.Add(other);

        SnapshotMapping.ToCore(snapshot).Problems.ShouldHaveSingleItem()
            .Message.ShouldBe("10.70.0.100 Tcp 80 belongs to default/web already");
    }

    [Fact]
    public void ToCore_ThousandMistakes_ReportsABoundedNumber()
    {
        var snapshot = Good();
        snapshot.VirtualIps[0].Ports.AddRange(Enumerable.Range(0, 1000).Select(_ => new Port()));

        var problems = SnapshotMapping.ToCore(snapshot).Problems;

        problems.Length.ShouldBe(SnapshotLimits.MaxProblems);
        problems[^1].Message.ShouldContain("more problems");
    }

    [Fact]
    public void ToCore_RandomBytesAsSnapshot_NeverThrowsButForProtobuf()
    {
        var good = Good().ToByteArray();
        var random = new Random(11);
        for (var i = 0; i < 3000; i++)
        {
            var bytes = good.ToArray();
            for (var n = random.Next(1, 6); n > 0; n--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            Snapshot parsed;
            try
            {
                parsed = Snapshot.Parser.ParseFrom(bytes);
            }
            catch (InvalidProtocolBufferException)
            {
                continue;
            }

            var result = SnapshotMapping.ToCore(parsed);
            (result.Accepted == result.Problems.IsEmpty).ShouldBeTrue();
        }
    }

    [Fact]
    public void ToCoreAndToProto_RandomSnapshots_RoundTrip()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var snapshot = new RandomSnapshots(seed).Next(revision: 5);
            var wire = SnapshotMapping.ToProto(snapshot);

            var result = SnapshotMapping.ToCore(wire);

            result.Problems.ShouldBeEmpty($"seed {seed}");
            SnapshotMapping.ToProto(result.Snapshot!).ShouldBe(wire, $"seed {seed}");
        }
    }

    internal static Snapshot Good() => new()
    {
        Revision = 7,
        Nodes =
        {
            new Node
            {
                Name = "node-1",
                Interfaces =
                {
                    new NetworkInterface
                    {
                        Name = "eth0",
                        Index = 2,
                        Mtu = 1500,
                        Up = true,
                        MacAddress = ByteString.CopyFrom(2, 0, 0, 0, 0, 1),
                        Addresses = { "10.70.0.11/24" },
                    },
                },
            },
        },
        VirtualIps =
        {
            new VirtualIp
            {
                Namespace = "default",
                Name = "web",
                Addresses = { new Address { Address_ = "10.70.0.100", Candidates = { "node-1" }, Term = 3 } },
                Ports =
                {
                    new Port { Name = "http", Port_ = 80, Protocol = TransportProtocol.Tcp, BackendSetId = "default/web:8080" },
                },
                Forwarding = ForwardingMode.Nat,
                HeartbeatInterval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100)),
                DetectMultiplier = 3,
            },
        },
        BackendSets =
        {
            new BackendSet
            {
                Id = "default/web:8080",
                PoolNamespace = "default",
                PoolName = "web",
                Algorithm = Algorithm.Maglev,
                DrainTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(30)),
                HealthCheck = new HealthCheck
                {
                    Type = HealthCheckType.Http,
                    Path = "/",
                    Interval = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)),
                    Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(2)),
                    UnhealthyThreshold = 3,
                    HealthyThreshold = 2,
                },
                Backends =
                {
                    new Backend
                    {
                        Address = "10.71.1.2",
                        Port = 8080,
                        NodeName = "node-1",
                        DisplayName = "pod/web-1",
                        Weight = 1,
                        Condition = BackendCondition.Ready,
                    },
                },
            },
        },
        HeartbeatKeys = { new HeartbeatKey { Id = 1, Secret = ByteString.CopyFrom(new byte[32]) } },
    };
}
