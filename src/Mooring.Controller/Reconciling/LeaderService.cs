using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.LeaderElection;

namespace Mooring.Controller.Reconciling;

/// <summary>Runs the reconciler while this replica leads, and again when it leads again.</summary>
internal sealed partial class LeaderService(
    IKubernetesClient client,
    ClusterReconciler reconciler,
    Leadership leadership,
    IOptions<ControllerOptions> options,
    TimeProvider time,
    ILoggerFactory loggers,
    ILogger<LeaderService> logger) : BackgroundService
{
    public const string LeaseName = "mooring-controller";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (options.Value.LeaderElect)
                {
                    var elector = CreateElector();
                    leadership.DecideBy(() => elector.IsLeader);
                    await elector.RunAsync(reconciler.RunAsync, stoppingToken);
                }
                else
                {
                    leadership.DecideBy(static () => true);
                    await reconciler.RunAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Agents go on by themselves; to be back in a moment is better than to end the process.
                Log.Failed(logger, e);
            }

            await Task.Delay(RetryDelay * (0.5 + Random.Shared.NextDouble()), time, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private LeaderElector CreateElector()
    {
        var lease = options.Value.LeaseDuration;
        return new LeaderElector(
            client,
            new LeaderElectionOptions
            {
                LeaseName = LeaseName,
                LeaseNamespace = options.Value.Namespace,
                Identity = options.Value.Identity,
                LeaseDuration = lease,
                RenewDeadline = lease * (2.0 / 3),
                RetryPeriod = lease * (2.0 / 15),
            },
            time,
            loggers.CreateLogger<LeaderElector>());
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Reconciling failed; beginning anew")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
