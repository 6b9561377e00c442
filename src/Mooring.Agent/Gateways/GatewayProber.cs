using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Interfaces;
using Mooring.Agent.Speaker;
using Mooring.Core.Gateways;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux;
using Mooring.Linux.Netlink;

namespace Mooring.Agent.Gateways;

/// <summary>
/// Follows the default gateways of the node's interfaces and reports whether they are there: what tells a holder that hears
/// nobody else whether it is cut off.
/// </summary>
/// <param name="open">Opens the monitor of the routes.</param>
/// <param name="sockets">Opens packet sockets.</param>
/// <param name="interfaces">Of the node.</param>
/// <param name="report">
/// Interface, family, and whether one of its gateways is reachable: null when none is known or was ever heard.
/// </param>
internal sealed partial class GatewayProber(
    Func<DefaultGatewayMonitor> open,
    SpeakerSockets sockets,
    INodeInterfaces interfaces,
    Action<string, AddressFamily, bool?> report,
    TimeProvider time,
    ILogger<GatewayProber> logger)
    : BackgroundService
{
    private static readonly TimeSpan RoutesPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Interface, IPAddress Gateway), GatewayProbe> _probes = [];
    private readonly Dictionary<(string Interface, AddressFamily Family), bool?> _reported = [];
    private readonly List<GatewayProbe> _dropped = [];
    private ImmutableArray<DefaultGateway> _gateways = [];
    private bool _incomplete;

    private TimeSpan Now => time.GetElapsedTime(0, time.GetTimestamp());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        interfaces.Changed += OnInterfacesChanged;
        try
        {
            await Task.WhenAll(FollowAsync(stoppingToken), AskAsync(stoppingToken)).ConfigureAwait(false);
        }
        finally
        {
            interfaces.Changed -= OnInterfacesChanged;
            lock (_gate)
            {
                _dropped.AddRange(_probes.Values);
                _probes.Clear();
            }

            DisposeDropped();
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                using var monitor = open();
                await foreach (var gateways in monitor.WatchAsync(RoutesPause, time, cancellationToken).ConfigureAwait(false))
                {
                    lock (_gate)
                    {
                        _gateways = gateways;
                        Reconcile();
                        AskWhoIsDue();
                    }
                }
            }
            catch (Exception exception)
                when (exception is SocketException or SystemCallException or InvalidDataException)
            {
                Log.RoutesFailed(logger, exception);
                await Task.Delay(RetryPause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            DisposeDropped();
            TimeSpan wait;
            lock (_gate)
            {
                if (_incomplete)
                {
                    Reconcile();
                }

                AskWhoIsDue();
                var next = _probes.Values.Select(probe => probe.Hearing.NextAsk - Now).DefaultIfEmpty(MaxWait).Min();
                wait = TimeSpan.FromTicks(Math.Clamp(next.Ticks, MinWait.Ticks, MaxWait.Ticks));
            }

            await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private void AskWhoIsDue()
    {
        foreach (var probe in _probes.Values)
        {
            if (probe.Hearing.NextAsk <= Now)
            {
                probe.Ask(Now);
            }
        }

        Report();
    }

    private void OnInterfacesChanged(object? sender, EventArgs e)
    {
        lock (_gate)
        {
            Reconcile();
            foreach (var probe in _probes.Values)
            {
                probe.Hearing.AskSoon(Now);
            }

            AskWhoIsDue();
        }
    }

    /// <summary>One probe for each gateway on an interface that is followed. What is known of it outlives the probe.</summary>
    private void Reconcile()
    {
        _incomplete = false;
        var current = interfaces.Current;
        foreach (var ((name, gateway), probe) in _probes.ToArray())
        {
            var now = current.FirstOrDefault(nic => nic.Name == name);
            if (now is null || now.Index != probe.Interface.Index || !_gateways.Any(one => Is(one, now, gateway)))
            {
                Drop((name, gateway));
            }
            else if (!now.Equals(probe.Interface))
            {
                Drop((name, gateway));
                Open(now, gateway, probe.Hearing);
            }
        }

        foreach (var gateway in _gateways)
        {
            if (current.FirstOrDefault(nic => nic.Index == gateway.InterfaceIndex) is { } on
                && GatewayProbe.AskingAddress(on, gateway.Address) is not null
                && !_probes.ContainsKey((on.Name, gateway.Address)))
            {
                Open(on, gateway.Address, new GatewayHearing());
            }
        }
    }

    private static bool Is(DefaultGateway one, NodeInterface on, IPAddress gateway) =>
        one.InterfaceIndex == on.Index && one.Address.Equals(gateway);

    private void Open(NodeInterface on, IPAddress gateway, GatewayHearing hearing)
    {
        try
        {
            hearing.AskSoon(Now);
            _probes.Add((on.Name, gateway), new GatewayProbe(on, gateway, hearing, sockets.Packets, OnHeard, OnFault));
        }
        catch (Exception exception) when (exception is SocketException or SystemCallException)
        {
            _incomplete = true;
            Log.NotOpened(logger, gateway, on.Name, exception);
        }
    }

    private void Drop((string Interface, IPAddress Gateway) key)
    {
        // Its thread may be waiting for the lock, so it is waited for outside.
        _dropped.Add(_probes[key]);
        _probes.Remove(key);
    }

    private void DisposeDropped()
    {
        GatewayProbe[] dropped;
        lock (_gate)
        {
            dropped = [.. _dropped];
            _dropped.Clear();
        }

        foreach (var probe in dropped)
        {
            probe.Dispose();
        }
    }

    private void OnHeard(GatewayProbe probe, MacAddress mac)
    {
        lock (_gate)
        {
            probe.Hear(mac, Now);
            Report();
        }
    }

    private void OnFault(GatewayProbe probe, Exception exception)
    {
        Log.Faulted(logger, probe.Interface.Name, exception);
        lock (_gate)
        {
            foreach (var (key, known) in _probes)
            {
                if (known == probe)
                {
                    Drop(key);
                    _incomplete = true;
                }
            }
        }
    }

    private void Report()
    {
        var now = _probes.Values.ToLookup(probe => (Interface: probe.Interface.Name, probe.Family), probe => probe.Hearing.Reachable);
        foreach (var key in now.Select(group => group.Key).Union(_reported.Keys).ToArray())
        {
            // Of several gateways one that answers is enough.
            bool? reachable = now[key].Contains(true) ? true : now[key].Contains(false) ? false : null;
            if (_reported.GetValueOrDefault(key) != reachable)
            {
                _reported[key] = reachable;
                Log.Gateway(logger, key.Interface, key.Family, reachable);
                report(key.Interface, key.Family, reachable);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Gateway of {Interface}, {Family}: reachable {Reachable}")]
        public static partial void Gateway(ILogger logger, string @interface, AddressFamily family, bool? reachable);

        [LoggerMessage(LogLevel.Warning, "Default routes could not be followed; opening rtnetlink anew")]
        public static partial void RoutesFailed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Debug, "Gateway {Gateway} on {Interface} cannot be asked")]
        public static partial void NotOpened(ILogger logger, IPAddress gateway, string @interface, Exception exception);

        [LoggerMessage(LogLevel.Warning, "The packet socket that asks the gateway on {Interface} failed and is opened anew")]
        public static partial void Faulted(ILogger logger, string @interface, Exception exception);
    }
}
