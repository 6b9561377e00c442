using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;

namespace Mooring.Benchmarks.Sync;

/// <summary>Services of ten endpoints each, an address per service, as the controller would publish them.</summary>
internal static class SyncSnapshots
{
    public const string Node = "node-1";
    public const int Endpoints = 10;
    public const ushort Port = 80;
    private const int TargetPort = 8080;

    /// <summary>Services whose endpoints are there and answer: spread over all, so that no corner of a table is favoured.</summary>
    public const int Probed = 10;

    public static ClusterSnapshot Of(int services) => new()
    {
        Revision = 1,
        Nodes = [new NodePeer { Name = Node }],
        BackendSets = [.. Enumerable.Range(0, services).Select(service => Set(service, services))],
        VirtualIps =
        [
            .. Enumerable.Range(0, services).Select(service => new VirtualIpIntent
            {
                Key = new NamespacedName("bench", Name(service)),
                Addresses = [new AddressIntent { Address = Address(service) }],
                Ports = [new PortIntent { Name = "http", Port = Port, Protocol = TransportProtocol.Tcp, BackendSetId = Id(service) }],
            }),
        ],
    };

    /// <summary>10.100.0.1 and on; scripts/lib/bench-sync.sh routes 10.100.0.0/16 to the node.</summary>
    public static IPAddress Address(int service) => new([10, 100, (byte)(service / 250), (byte)((service % 250) + 1)]);

    public static IEnumerable<IPAddress> ProbedAddresses(int services) =>
        Enumerable.Range(0, Probed).Select(probe => Address(probe * (services / Probed)));

    /// <summary>The set of the service; its last endpoint is <paramref name="last"/>.</summary>
    public static BackendSet Set(int service, int services, int last = Endpoints)
    {
        var backends = Backends(service, services, last);
        var first = SparsePlaces.Advance(null, AddressFamily.InterNetwork, Backends(service, services, Endpoints));
        return new BackendSet
        {
            Id = Id(service),
            Pool = new NamespacedName("bench", Name(service)),
            Backends = backends,
            Sparse = [SparsePlaces.Advance(first, AddressFamily.InterNetwork, backends)!],
        };
    }

    /// <summary>A service that is not probed.</summary>
    public static int Random(Random random, int services)
    {
        while (true)
        {
            var service = random.Next(services);
            if (service % (services / Probed) != 0)
            {
                return service;
            }
        }
    }

    private static ImmutableArray<Backend> Backends(int service, int services, int last) =>
    [
        .. Enumerable.Range(1, Endpoints).Select(endpoint => new Backend
        {
            Address = service % (services / Probed) == 0 && service / (services / Probed) < Probed
                ? new IPAddress([10, 99, 0, (byte)endpoint])
                : new IPAddress([10, (byte)(110 + (service / 250)), (byte)(service % 250), (byte)(endpoint == Endpoints ? last : endpoint)]),
            Port = TargetPort,
            NodeName = endpoint <= 2 ? Node : "node-2",
            Condition = BackendCondition.Ready,
        }),
    ];

    private static string Name(int service) => $"service-{service:d5}";

    private static string Id(int service) => $"bench/{Name(service)}:{TargetPort}";
}
