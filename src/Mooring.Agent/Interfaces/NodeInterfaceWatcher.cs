using System.Collections.Immutable;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Core.Snapshots;
using Mooring.Linux;
using Mooring.Linux.Netlink;

namespace Mooring.Agent.Interfaces;

/// <summary>
/// Follows the node's interfaces through rtnetlink: those that speak ARP and have an address, so not the pod ends, tunnels
/// and the loopback device. <see cref="INodeInterfaces.Current"/> is filled when <see cref="StartAsync"/> returns.
/// </summary>
/// <param name="open">Opens the monitor; <see cref="NetworkInterfaceMonitor.Open"/> but for tests in a namespace.</param>
/// <param name="names">Interfaces to follow; empty: all.</param>
internal sealed partial class NodeInterfaceWatcher(
    Func<NetworkInterfaceMonitor> open,
    IReadOnlyCollection<string> names,
    TimeProvider time,
    ILogger<NodeInterfaceWatcher> logger)
    : BackgroundService, INodeInterfaces
{
    /// <summary>Pause before the monitor is opened anew after the kernel refused something.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private NetworkInterfaceMonitor? _monitor;
    private ImmutableArray<NodeInterface> _current = [];

    public event EventHandler? Changed;

    public ImmutableArray<NodeInterface> Current => _current;

    /// <inheritdoc/>
    /// <exception cref="SystemCallException">The kernel has no rtnetlink for us.</exception>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _monitor = open();
        Take(_monitor.Snapshot());
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _monitor?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                _monitor ??= open();
                await foreach (var links in _monitor.WatchAsync(stoppingToken))
                {
                    Take(links);
                }
            }
            catch (Exception exception)
                when (exception is SocketException or SystemCallException or InvalidDataException)
            {
                Log.Failed(logger, exception);
                _monitor?.Dispose();
                _monitor = null;
                await Task.Delay(RetryPause, time, stoppingToken);
            }
        }
    }

    private void Take(ImmutableArray<LinkState> links)
    {
        ImmutableArray<NodeInterface> interfaces = [.. links.Where(Follows).Select(ToNodeInterface)];
        if (interfaces.SequenceEqual(_current))
        {
            return;
        }

        ImmutableInterlocked.InterlockedExchange(ref _current, interfaces);
        foreach (var one in interfaces)
        {
            Log.Interface(logger, one.Name, one.Index, one.Up, string.Join(' ', one.Addresses.Select(a => a.Address)));
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }

    private bool Follows(LinkState link)
        => link.SpeaksArp && link.Addresses.Any(IsRoutable) && (names.Count == 0 || names.Contains(link.Name));

    private static bool IsRoutable(LinkAddress address) => !address.Address.IsIPv6LinkLocal;

    private static NodeInterface ToNodeInterface(LinkState link) => new()
    {
        Name = link.Name,
        Index = link.Index,
        MacAddress = link.Mac,
        Up = link.Up,
        Mtu = link.Mtu,
        ForwardsIPv6 = link.ForwardsIPv6,
        Addresses =
        [
            .. link.Addresses.Where(IsRoutable).Select(address => new InterfaceAddress(address.Address, address.Subnet)),
        ],
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Interface {Name} ({Index}): up {Up}, addresses {Addresses}")]
        public static partial void Interface(ILogger logger, string name, int index, bool up, string addresses);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Interfaces could not be followed; opening rtnetlink anew")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
