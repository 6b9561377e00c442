using Microsoft.Extensions.Logging;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Lifecycle;

/// <summary>Runs one controller on the store's changes until it is stopped.</summary>
internal sealed partial class ControllerLoop(IStoreController controller, ResourceStore store, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Takes in the present state; call before the server serves, then run.</summary>
    public Task StartAsync(CancellationToken ct)
    {
        var subscription = store.SubscribeAll(out var image);
        controller.Start(image);
        return Task.Run(() => RunAsync(subscription, ct), CancellationToken.None);
    }

    private async Task RunAsync(Watching.WatchSubscription subscription, CancellationToken ct)
    {
        using (subscription)
        {
            try
            {
                var open = true;
                while (open)
                {
                    while (subscription.Changes.TryRead(out var change))
                    {
                        controller.Observe(change);
                    }

                    var wait = await ReconcileAsync(ct);
                    open = await WaitAsync(subscription, wait, ct);
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                // The server stops.
            }
        }
    }

    private async Task<TimeSpan?> ReconcileAsync(CancellationToken ct)
    {
        try
        {
            return await controller.ReconcileAsync(ct);
        }
        catch (Exception e) when (e is ApiException or IOException)
        {
            Log.Failed(logger, controller.Name, e);
            return RetryAfter;
        }
    }

    private async Task<bool> WaitAsync(Watching.WatchSubscription subscription, TimeSpan? limit, CancellationToken ct)
    {
        try
        {
            return await subscription.Changes.WaitToReadAsync(ct).AsTask().WaitAsync(limit ?? Timeout.InfiniteTimeSpan, time, ct);
        }
        catch (TimeoutException)
        {
            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Controller} failed and is tried again")]
        public static partial void Failed(ILogger logger, string controller, Exception exception);
    }
}
