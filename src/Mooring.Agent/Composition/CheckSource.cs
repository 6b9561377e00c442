using System.Net;
using Microsoft.Extensions.Logging;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Linux.Netlink;

namespace Mooring.Agent.Composition;

/// <summary>Where health checks come from, by the agent's options and what its kernel can do.</summary>
internal static partial class CheckSource
{
    private const string LocalPortRange = "/proc/sys/net/ipv4/ip_local_port_range";

    public static ProbeSource Create(AgentOptions options, TimeProvider timeProvider, ILogger<ProbeSource> logger) => new(
        [.. options.CheckSources.Select(network => IPNetwork.Parse(network))],
        UsablePorts(options.CheckSourcePorts, logger),
        NodeAddresses,
        timeProvider,
        logger);

    /// <summary>Null when there are none, or the kernel would not keep to them: endpoints are not to blame for that.</summary>
    private static SourcePorts? UsablePorts(string text, ILogger logger)
    {
        if (!SourcePorts.TryParse(text, out var ports))
        {
            return null;
        }

        if (!ProbeSource.KernelKeepsPorts())
        {
            Log.KernelTooOld(logger, ports);
            return null;
        }

        // A range that reaches beyond is not refused, but not kept to either (inet_sk_get_local_port_range).
        var local = File.ReadAllText(LocalPortRange).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (SourcePorts.TryParse(string.Join('-', local), out var all) && !ports.IsWithin(all))
        {
            Log.Beyond(logger, ports, all);
            return null;
        }

        return ports;
    }

    private static IEnumerable<IPAddress> NodeAddresses()
    {
        using var monitor = NetworkInterfaceMonitor.Open();
        return [.. monitor.Snapshot().SelectMany(link => link.Addresses).Select(address => address.Address)];
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "--check-source-ports needs Linux 6.3: health checks come from any port, not from {Ports} alone")]
        public static partial void KernelTooOld(ILogger logger, SourcePorts ports);

        [LoggerMessage(LogLevel.Error,
            "--check-source-ports {Ports} is not within net.ipv4.ip_local_port_range {Range}: health checks come from any port")]
        public static partial void Beyond(ILogger logger, SourcePorts ports, SourcePorts range);
    }
}
