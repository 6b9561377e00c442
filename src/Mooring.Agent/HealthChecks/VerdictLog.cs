using System.Net;
using Microsoft.Extensions.Logging;
using Mooring.Core.Health;

namespace Mooring.Agent.HealthChecks;

/// <summary>Tells the operator of verdicts, in the log and in the metrics.</summary>
internal sealed partial class VerdictLog(ILogger logger, HealthCheckMetrics metrics)
{
    public void Changed(HealthCheckTarget target, HealthVerdict? before, HealthVerdict verdict)
    {
        if (verdict.Warning.Length > 0 && verdict.Warning != before?.Warning)
        {
            Log.BackendWarning(logger, target.BackendSetId, target.Backend, verdict.Warning);
        }

        if (before?.Healthy == verdict.Healthy)
        {
            return;
        }

        metrics.Changed(verdict.Healthy);
        if (verdict.Healthy)
        {
            Log.BackendHealthy(logger, target.BackendSetId, target.Backend);
        }
        else
        {
            Log.BackendUnhealthy(logger, target.BackendSetId, target.Backend, verdict.Reason);
        }
    }

    public void Faulted(HealthCheckTarget target, Exception exception) =>
        Log.CheckFaulted(logger, target.BackendSetId, target.Backend, exception);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Backend {Backend} of {BackendSet} is healthy")]
        public static partial void BackendHealthy(ILogger logger, string backendSet, IPEndPoint backend);

        [LoggerMessage(Level = LogLevel.Information, Message = "Backend {Backend} of {BackendSet} is unhealthy: {Reason}")]
        public static partial void BackendUnhealthy(
            ILogger logger, string backendSet, IPEndPoint backend, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Backend {Backend} of {BackendSet} passes its check, but: {Warning}")]
        public static partial void BackendWarning(
            ILogger logger, string backendSet, IPEndPoint backend, string warning);

        [LoggerMessage(Level = LogLevel.Error, Message = "A check of {Backend} of {BackendSet} ended by a fault")]
        public static partial void CheckFaulted(
            ILogger logger, string backendSet, IPEndPoint backend, Exception exception);
    }
}
