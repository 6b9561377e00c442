using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Controller.Reconciling;

namespace Mooring.Controller.Trust;

/// <summary>Sees to the authorities while this replica leads, and to its own certificate always.</summary>
internal sealed partial class TrustService(
    AuthorityStore store,
    ServerCertificate certificate,
    Leadership leadership,
    IOptions<ControllerOptions> options,
    TimeProvider time,
    ILogger<TrustService> logger) : BackgroundService
{
    /// <summary>At the start every agent waits for the first certificate.</summary>
    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);

    private string _lastProblem = "";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Often enough that all replicas follow each step well within the overlap.
        var usual = TimeSpan.FromTicks(Math.Clamp(
            Math.Min(options.Value.AuthorityOverlap.Ticks, options.Value.CertificateLifetime.Ticks) / 6,
            ShortestInterval.Ticks,
            LongestInterval.Ticks));
        while (!stoppingToken.IsCancellationRequested)
        {
            await LookAsync(stoppingToken);
            await Task.Delay(certificate.Current is null ? FirstInterval : usual, time, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var set = leadership.IsHeld
                ? await store.MaintainAsync(cancellationToken)
                : await store.ReadAsync(cancellationToken);
            if (set is not null)
            {
                certificate.Renew(set.Signing);
            }

            _lastProblem = "";
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping.
        }
        catch (Exception e)
        {
            // The certificate in use goes on; what fails again and again is said once.
            if (e.Message != _lastProblem)
            {
                Log.Failed(logger, e.Message, e is InvalidDataException || AuthorityStore.IsPassing(e) ? null : e);
            }

            _lastProblem = e.Message;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Certificates could not be looked after, trying again: {Problem}")]
        public static partial void Failed(ILogger logger, string problem, Exception? exception);
    }
}
