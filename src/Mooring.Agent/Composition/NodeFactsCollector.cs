using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Controlling;
using Mooring.Agent.DataPlane;
using Mooring.Agent.Failover;
using Mooring.Agent.Interfaces;
using Mooring.Agent.Speaker;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Composition;

/// <summary>Follows what the node looks like: for the speaker, for failover, and then for the controller.</summary>
internal sealed partial class NodeFactsCollector(
    IInterfaceSource source,
    ArpSpeaker speaker,
    FailoverService failover,
    AgentReports reports,
    TimeProvider timeProvider,
    ILogger<NodeFactsCollector> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DataPlaneProbe _probe = new([], []);
    private ImmutableArray<NodeInterface> _interfaces = [];

    public NodeFacts Current
    {
        get
        {
            var facts = new NodeFacts();
            facts.Interfaces.AddRange(_interfaces.Select(NodeMapping.ToProto));
            facts.ForwardingModes.AddRange(_probe.Modes.Select(FactsMapping.ToProto));
            facts.Problems.AddRange(_probe.Problems);
            return facts;
        }
    }

    /// <summary>Completes when the interfaces are known for the first time.</summary>
    public Task KnownAsync(CancellationToken cancellationToken) => _known.Task.WaitAsync(cancellationToken);

    public void Probed(DataPlaneProbe probe)
    {
        _probe = probe;
        foreach (var problem in probe.Problems)
        {
            Log.NodeProblem(logger, problem);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var interfaces in source.WatchAsync(stoppingToken).ConfigureAwait(false))
                {
                    Take(interfaces);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // The list as last known stays in use.
                Log.WatchFailed(logger, exception);
                await Task.Delay(RetryDelay, timeProvider, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Take(ImmutableArray<NodeInterface> interfaces)
    {
        _interfaces = interfaces;
        speaker.InterfacesChanged(interfaces);
        failover.InterfacesChanged(interfaces);
        foreach (var one in interfaces)
        {
            Log.Interface(logger, one.Name, one.Up, string.Join(", ", one.Addresses.Select(own => own.Address)));
        }

        _known.TrySetResult();
        reports.Set(Current);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "This node has a problem: {Problem}")]
        public static partial void NodeProblem(ILogger logger, string problem);

        [LoggerMessage(LogLevel.Debug, "Interface {Interface}, up: {Up}, addresses: {Addresses}")]
        public static partial void Interface(ILogger logger, string @interface, bool up, string addresses);

        [LoggerMessage(LogLevel.Error, "Network interfaces cannot be watched; it is tried again")]
        public static partial void WatchFailed(ILogger logger, Exception exception);
    }
}
