using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Benchmarks.Heartbeat;

/// <summary>
/// The failover services of some nodes that back each other up, each with its own address (10.70.0.11 and on) on the
/// loopback interface of a namespace.
/// </summary>
internal sealed class HeartbeatSegment : IAsyncDisposable
{
    private const int Standbys = 3;
    private static readonly IPNetwork Subnet = IPNetwork.Parse("10.70.0.0/16");

    private readonly string _folder = Directory.CreateTempSubdirectory("mooring-heartbeat-").FullName;
    private readonly FailoverService[] _services;
    private readonly CountingSpeaker[] _speakers;
    private readonly ClusterSnapshot _snapshot;
    private readonly int _addresses;

    public HeartbeatSegment(int nodes, int addresses, TimeSpan interval, FailoverReadings meters)
    {
        _addresses = addresses;
        _snapshot = Snapshot(nodes, addresses, interval);
        _speakers = [.. Enumerable.Range(0, nodes).Select(_ => new CountingSpeaker())];
        _services =
        [
            .. _snapshot.Nodes.Select((node, index) => new FailoverService(
                new FailoverOptions { NodeName = node.Name, TermFile = Path.Combine(_folder, node.Name) },
                _speakers[index], Open, new FailoverMetrics(meters), TimeProvider.System, NullLoggerFactory.Instance)),
        ];
    }

    /// <summary>How often an address was taken after the start, which nothing gave a reason for.</summary>
    public int Failovers => _speakers.Sum(speaker => speaker.Taken) - _addresses;

    public async Task StartAsync()
    {
        for (var i = 0; i < _services.Length; i++)
        {
            _services[i].InterfacesChanged(_snapshot.Nodes[i].Interfaces);
            _services[i].ApplySnapshot(_snapshot);
            _services[i].SetControllerConnected(connected: true);
            await _services[i].StartAsync(CancellationToken.None);
        }

        while (_speakers.Sum(speaker => speaker.Held) < _addresses)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services)
        {
            await service.AbortAsync();
            service.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static Socket Open(string interfaceName, IPEndPoint local)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(local);
        return socket;
    }

    private static ClusterSnapshot Snapshot(int nodes, int addresses, TimeSpan interval) => new()
    {
        Revision = 1,
        HeartbeatKeys = [new HeartbeatKey(1, [.. RandomNumberGenerator.GetBytes(HeartbeatKey.SecretLength)])],
        Nodes = [.. Enumerable.Range(0, nodes).Select(Node)],
        VirtualIps =
        [
            .. Enumerable.Range(0, addresses).Select(i => new VirtualIpIntent
            {
                Key = new NamespacedName("default", $"vip-{i}"),
                HeartbeatInterval = interval,
                Addresses =
                [
                    new AddressIntent
                    {
                        Address = new IPAddress([10, 70, (byte)(1 + (i / 250)), (byte)(1 + (i % 250))]),
                        Candidates = [.. Enumerable.Range(i, Standbys + 1).Select(n => Name(n % nodes))],
                    },
                ],
            }),
        ],
    };

    private static NodePeer Node(int index) => new()
    {
        Name = Name(index),
        Interfaces =
        [
            new NodeInterface
            {
                Name = "lo",
                Index = 1,
                MacAddress = new PhysicalAddress([2, 0, 0, 0, 0, (byte)index]),
                Up = true,
                Addresses = [new InterfaceAddress(new IPAddress([10, 70, 0, (byte)(11 + index)]), Subnet)],
            },
        ],
    };

    private static string Name(int index) => $"node-{index + 1}";
}
