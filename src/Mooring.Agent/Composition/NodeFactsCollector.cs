using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Controlling;
using Mooring.Agent.DataPlane;
using Mooring.Agent.Failover;
using Mooring.Agent.Interfaces;
using Mooring.Agent.Speaker;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Composition;

/// <summary>Carries what the node looks like to the speaker, to failover, and then to the controller.</summary>
internal sealed partial class NodeFactsCollector(
    INodeInterfaces interfaces,
    AddressSpeaker speaker,
    FailoverService failover,
    AgentReports reports,
    ILogger<NodeFactsCollector> logger) : IHostedService
{
    private readonly Lock _gate = new();
    private DataPlaneProbe _probe = new([], []);
    private ImmutableArray<Core.Surroundings.AddressObstacle> _addressProblems = [];

    public NodeFacts Current
    {
        get
        {
            var facts = new NodeFacts();
            facts.Interfaces.AddRange(interfaces.Current.Select(NodeMapping.ToProto));
            facts.ForwardingModes.AddRange(_probe.Modes.Select(FactsMapping.ToProto));
            facts.Problems.AddRange(_probe.Problems);
            facts.AddressProblems.AddRange(_addressProblems.Select(problem => new AddressProblem
            {
                Address = problem.Address.ToString(),
                Message = problem.Message,
            }));
            return facts;
        }
    }

    public void Probed(DataPlaneProbe probe)
    {
        _probe = probe;
        foreach (var problem in probe.Problems)
        {
            Log.NodeProblem(logger, problem);
        }

        reports.Set(Current);
    }

    public void Found(ImmutableArray<Core.Surroundings.AddressObstacle> problems)
    {
        ImmutableInterlocked.InterlockedExchange(ref _addressProblems, problems);
        reports.Set(Current);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        interfaces.Changed += Changed;
        Changed(this, EventArgs.Empty);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        interfaces.Changed -= Changed;
        return Task.CompletedTask;
    }

    private void Changed(object? sender, EventArgs e)
    {
        lock (_gate)
        {
            var now = interfaces.Current;
            speaker.InterfacesChanged(now);
            failover.InterfacesChanged(now);
        }

        reports.Set(Current);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "This node has a problem: {Problem}")]
        public static partial void NodeProblem(ILogger logger, string problem);
    }
}
