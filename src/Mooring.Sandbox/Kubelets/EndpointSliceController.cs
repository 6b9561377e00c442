using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Mooring.Sandbox.Kubelets;

/// <summary>Keeps an EndpointSlice of each family for each Service that has a selector.</summary>
internal sealed partial class EndpointSliceController(
    ClusterClient api, TimeProvider time, ILogger<EndpointSliceController> logger)
{
    private const string Services = "/api/v1/services";
    private const string Pods = "/api/v1/pods";
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>One pending round is enough: a round looks at everything.</summary>
    private readonly Channel<bool> _due = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Dictionary<string, string> _applied = [];

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        WatchAsync(Services, cancellationToken),
        WatchAsync(Pods, cancellationToken),
        ReconcileAsync(cancellationToken));

    private async Task WatchAsync(string path, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var list = await api.GetAsync(path, cancellationToken);
                _due.Writer.TryWrite(true);
                var version = (string)list["metadata"]!["resourceVersion"]!;
                await foreach (var change in api.WatchAsync(path, version, cancellationToken))
                {
                    _due.Writer.TryWrite(true);
                    if ((string?)change["type"] == "ERROR")
                    {
                        break; // too old: list again
                    }
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                Log.WatchFailed(logger, exception, path);
                await PauseAsync(cancellationToken);
            }
        }
    }

    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _due.Reader.ReadAsync(cancellationToken);
                await ReconcileOnceAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                Log.ReconcileFailed(logger, exception);
                await PauseAsync(cancellationToken);
                _due.Writer.TryWrite(true);
            }
        }
    }

    private async Task ReconcileOnceAsync(CancellationToken cancellationToken)
    {
        var services = Items(await api.GetAsync(Services, cancellationToken));
        var pods = Items(await api.GetAsync(Pods, cancellationToken)).ToLookup(NamespaceOf);
        HashSet<string> wanted = [];
        foreach (var service in services)
        {
            var space = NamespaceOf(service);
            foreach (var (name, slice) in EndpointSlicePlan.ForService(service, pods[space]))
            {
                var path = ClusterClient.EndpointSlice(space, name);
                wanted.Add(path);
                var text = slice.ToJsonString();
                if (_applied.GetValueOrDefault(path) != text)
                {
                    await api.ApplyAsync(path, slice, cancellationToken);
                    _applied[path] = text;
                }
            }
        }

        foreach (var path in _applied.Keys.Where(path => !wanted.Contains(path)).ToList())
        {
            await api.DeleteAsync(path, cancellationToken);
            _applied.Remove(path);
        }
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(RetryDelay, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The loop sees it.
        }
    }

    private static List<JsonObject> Items(JsonObject list) =>
        [.. (list["items"]?.AsArray() ?? []).Select(item => item!.AsObject())];

    private static string NamespaceOf(JsonObject value) => (string)value["metadata"]!["namespace"]!;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "watch of {Path} failed")]
        public static partial void WatchFailed(ILogger logger, Exception exception, string path);

        [LoggerMessage(LogLevel.Warning, "could not write endpoint slices")]
        public static partial void ReconcileFailed(ILogger logger, Exception exception);
    }
}
