using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;

namespace Mooring.Protocol.Tests.Snapshots;

/// <summary>Valid snapshots of every shape, from a seed.</summary>
internal sealed class RandomSnapshots(int seed)
{
    private readonly Random _random = new(seed);

    public ClusterSnapshot Next(ulong revision)
    {
        var sets = Some(6, i => Set($"ns{i % 2}/pool{i}:{8000 + i}"));
        return SnapshotMapping.InOrder(new ClusterSnapshot
        {
            Revision = revision,
            Nodes = Some(5, Node),
            BackendSets = sets,
            VirtualIps = sets.IsEmpty ? [] : Some(8, i => Vip(i, sets)),
            HeartbeatKeys = [Key(1), .. Chance() ? [Key(2)] : Array.Empty<HeartbeatKey>()],
        });
    }

    /// <summary>A successor that keeps, changes, removes and adds objects.</summary>
    public ClusterSnapshot Change(ClusterSnapshot from)
    {
        var fresh = Next(from.Revision + 1 + (ulong)_random.Next(3));
        var sets = from.BackendSets.Where(_ => Chance())
            .Concat(fresh.BackendSets)
            .DistinctBy(set => set.Id)
            .ToImmutableArray();
        var known = sets.Select(set => set.Id).ToHashSet();
        return SnapshotMapping.InOrder(fresh with
        {
            BackendSets = sets,
            Nodes = [.. from.Nodes.Where(_ => Chance()).Concat(fresh.Nodes).DistinctBy(node => node.Name)],
            VirtualIps =
            [
                .. from.VirtualIps.Where(vip => Chance() && vip.Ports.All(port => known.Contains(port.BackendSetId)))
                    .Concat(fresh.VirtualIps)
                    .DistinctBy(vip => vip.Key),
            ],
            HeartbeatKeys = Chance() ? from.HeartbeatKeys : fresh.HeartbeatKeys,
        });
    }

    private bool Chance() => _random.Next(2) == 0;

    private ImmutableArray<T> Some<T>(int max, Func<int, T> make) =>
        [.. Enumerable.Range(0, max).Where(_ => Chance()).Select(make)];

    private HeartbeatKey Key(byte id)
    {
        var secret = new byte[HeartbeatKey.SecretLength];
        _random.NextBytes(secret);
        return new HeartbeatKey(id, [.. secret]);
    }

    private NodePeer Node(int i) => new()
    {
        Name = $"node-{i}",
        Away = Chance(),
        Interfaces = Some(3, j => new NodeInterface
        {
            Name = $"eth{j}",
            Index = j + 1,
            MacAddress = new PhysicalAddress([2, 0, 0, 0, (byte)i, (byte)j]),
            Up = Chance(),
            Mtu = Chance() ? 1500 : 9000,
            Addresses =
            [
                new InterfaceAddress(IPAddress.Parse($"10.{j}.0.{i + 1}"), IPNetwork.Parse($"10.{j}.0.0/24")),
                new InterfaceAddress(IPAddress.Parse($"fd00:{j}::{i + 1}"), IPNetwork.Parse($"fd00:{j}::/64")),
            ],
        }),
    };

    private VirtualIpIntent Vip(int i, ImmutableArray<BackendSet> sets) => new()
    {
        Key = new NamespacedName($"ns{i % 3}", $"vip{i}"),
        Addresses =
        [
            Address($"10.0.0.{100 + i}"),
            .. Chance() ? [new AddressIntent { Address = IPAddress.Parse($"fd00::{100 + i}") }] : Array.Empty<AddressIntent>(),
        ],
        Ports = Some(3, p => new PortIntent
        {
            Name = Chance() ? $"port{p}" : "",
            Port = (ushort)(80 + p),
            Protocol = _random.GetItems(Enum.GetValues<TransportProtocol>(), 1)[0],
            BackendSetId = sets[_random.Next(sets.Length)].Id,
        }),
        Forwarding = Chance() ? ForwardingMode.Nat : ForwardingMode.Direct,
        LocalEndpointsOnly = _random.Next(2) == 0,
        HealthCheckNodePort = Chance() ? null : (ushort)(30_000 + i),
        SourceRanges = _random.Next(2) == 0 ? [] : [new IPNetwork(IPAddress.Parse("192.0.2.0"), 24 + _random.Next(8)), IPNetwork.Parse("2001:db8::/32")],
        HeartbeatInterval = TimeSpan.FromMilliseconds(50 + _random.Next(200)),
        DetectMultiplier = 2 + _random.Next(5),
    };

    private AddressIntent Address(string address)
    {
        var candidates = Some(4, n => $"node-{n}");
        return new AddressIntent
        {
            Address = IPAddress.Parse(address),
            Candidates = candidates,
            Term = (ulong)_random.Next(5),
            Move = !candidates.IsEmpty && Chance() ? new MoveIntent((ulong)_random.Next(1, 9), candidates[^1]) : null,
        };
    }

    private BackendSet Set(string id)
    {
        var set = SetWithoutSparse(id);
        return Chance() || SparsePlaces.EndPoints(set.Backends, AddressFamily.InterNetwork) is not { IsEmpty: false } endPoints ? set
            : set with { Sparse = [Sparse(endPoints)] };
    }

    private SparseAssignment Sparse(ImmutableArray<IPEndPoint> endPoints) => new()
    {
        Family = AddressFamily.InterNetwork,
        Size = 16,
        EndPoints = endPoints,
        Places = [.. Enumerable.Range(0, 16).OrderBy(_ => _random.Next()).Take(endPoints.Length).Select(place => (ushort)place)],
    };

    private BackendSet SetWithoutSparse(string id) => new()
    {
        Id = id,
        Pool = new NamespacedName(id.Split('/')[0], id.Split('/', ':')[1]),
        Algorithm = (BalancingAlgorithm)_random.Next(6),
        ClientAffinityTimeout = Chance() ? TimeSpan.FromHours(3) : null,
        DrainTimeout = TimeSpan.FromSeconds(_random.Next(60)),
        ShutsDownSessions = _random.Next(2) == 0,
        HealthCheck = Chance() ? Check() : null,
        Backends =
        [
            .. Some(6, b => new Backend
            {
                Address = IPAddress.Parse($"10.244.{b}.{_random.Next(200) + 1}"),
                Port = (ushort)(8000 + _random.Next(3)),
                NodeName = Chance() ? $"node-{b}" : null,
                DisplayName = Chance() ? $"pod/web-{b}" : "",
                Weight = _random.Next(65536),
                Condition = (BackendCondition)_random.Next(3),
                Backup = Chance(),
            }),
        ],
        Slots = Chance() ? [] : [Slots()],
    };

    private SlotAssignment Slots()
    {
        var size = 1 << _random.Next(9);
        ImmutableArray<SlotMember> members =
        [
            new(new IPEndPoint(IPAddress.Parse("10.244.0.9"), 8000), null),
            .. Some(3, m => new SlotMember(new IPEndPoint(IPAddress.Parse($"10.244.{m}.1"), 8001), $"node-{m}")),
        ];
        var depth = _random.Next(SlotAssignment.MaxHistory + 1);
        return new SlotAssignment
        {
            Family = AddressFamily.InterNetwork,
            Generation = (ulong)_random.Next(100),
            Members = members,
            Owners = Numbers(size, members.Length),
            PreviousNodes = depth == 0 ? [] : ["node-7", "node-8"],
            Previous = [.. Enumerable.Range(0, depth).Select(_ => Numbers(size, 3))],
        };
    }

    private ImmutableArray<ushort> Numbers(int count, int bound) =>
        [.. Enumerable.Range(0, count).Select(_ => (ushort)_random.Next(bound))];

    private HealthCheckIntent Check()
    {
        var type = (HealthCheckType)_random.Next(5);
        return new HealthCheckIntent
        {
            Type = type,
            Port = (ushort)_random.Next(65536),
            Path = Chance() ? "/" : "/healthz?full=1",
            Host = Chance() ? null : "web.example:8080",
            ExpectedStatuses = Chance() ? [] : [new StatusRange(200, 204), new StatusRange(404, 404)],
            Headers = Chance() ? [] : [new HttpHeader("X-Check", "mooring 1")],
            Http2 = Chance(),
            ExpectedBody = Chance() ? null : "^ok",
            Tls = Chance() ? null : new TlsCheckIntent
            {
                SkipVerify = Chance(),
                ServerName = Chance() ? null : "web.example",
                CaCertificates = Chance() ? null : "-----BEGIN CERTIFICATE-----",
                ExpiryWarning = TimeSpan.FromDays(_random.Next(30)),
            },
            GrpcService = Chance() ? "" : "web.v1.Web",
            Udp = type == HealthCheckType.Udp ? new UdpCheckIntent { Payload = [0, 255, 10], Expected = Chance() ? null : "a+" } : null,
            Exec = type == HealthCheckType.Exec ? new ExecCheckIntent { Program = "check-web", Arguments = ["{address}", ""] } : null,
            FailingInterval = Chance() ? null : TimeSpan.FromMilliseconds(100 + _random.Next(1000)),
            JitterPercent = _random.Next(51),
            InitialDelay = TimeSpan.FromSeconds(_random.Next(5)),
            Interval = TimeSpan.FromMilliseconds(100 + _random.Next(5000)),
            Timeout = TimeSpan.FromMilliseconds(100 + _random.Next(2000)),
            UnhealthyThreshold = 1 + _random.Next(5),
            HealthyThreshold = 1 + _random.Next(5),
        };
    }
}
