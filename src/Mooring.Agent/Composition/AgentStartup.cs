using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.DataPlane;
using Mooring.Agent.HealthChecks.Kept;
using Mooring.Agent.Snapshots;

namespace Mooring.Agent.Composition;

/// <summary>
/// What happens before the agent takes part in anything: look at the kernel and bring it to
/// the snapshot on disk. Failover and the controller link start after it.
/// </summary>
internal sealed partial class AgentStartup(
    DataPlaneLoop dataPlane,
    NodeFactsCollector facts,
    SnapshotKeeper snapshots,
    VerdictKeeper verdicts,
    ControllerFirst failover,
    ILogger<AgentStartup> logger)
    : IHostedService
{
    private volatile bool _done;

    /// <summary>What it still waits for, null when it is done.</summary>
    public string? Problem => _done ? null : "the kernel is being looked at and brought to the snapshot on disk";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        facts.Probed(await dataPlane.ProbeAsync(cancellationToken).ConfigureAwait(false));
        verdicts.Restore();
        await snapshots.RestoreAsync(cancellationToken).ConfigureAwait(false);
        failover.Restored();
        _done = true;
        Log.Ready(logger, snapshots.Current.Revision);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Agent ready, working from snapshot {Revision}")]
        public static partial void Ready(ILogger logger, ulong revision);
    }
}
