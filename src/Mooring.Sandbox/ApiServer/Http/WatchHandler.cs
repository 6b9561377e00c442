using System.Text;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;
using Mooring.Sandbox.KubeApi.Selectors;
using Mooring.Sandbox.KubeApi.Storage;
using Mooring.Sandbox.KubeApi.Tables;
using Mooring.Sandbox.KubeApi.Watching;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>Serves watches: one JSON object per line until the client leaves, the time is up or the queue overflows.</summary>
internal sealed class WatchHandler(ObjectService objects, TableBuilder tables, TimeProvider time, TimeSpan bookmarkInterval, CancellationToken stopping)
{
    /// <summary>Upstream closes a watch without a timeout after 30 to 60 minutes.</summary>
    private const int MinDefaultTimeoutSeconds = 1800;

    /// <summary>Upstream's margin.</summary>
    private static readonly TimeSpan BookmarkBeforeEnd = TimeSpan.FromSeconds(2);

    public async Task WatchAsync(ApiRequest request)
    {
        var filter = WatchFilter.For(request);
        var bookmarks = request.Flag("allowWatchBookmarks");
        var sendInitial = InitialEvents(request, bookmarks);
        var revision = request.Number("resourceVersion");
        if (revision > objects.Store.Revision)
        {
            throw ApiError.UnknownRevision(revision.Value, objects.Store.Revision);
        }

        // Without a revision, or with 0, or when asked for, the present state comes first as ADDED events.
        var fromPresent = revision is null or 0 || sendInitial == true;
        using var subscription = objects.Store.Subscribe(request.Type.StorageResource, fromPresent ? null : revision, out var snapshot);
        var http = request.Http;
        http.Response.StatusCode = 200;
        http.Response.ContentType = "application/json";
        ApiResponse.AddWarnings(http, request.Warnings);
        if (subscription is null)
        {
            await WriteErrorAsync(request, ApiError.Gone($"too old resource version: {revision} ({snapshot.Revision})"));
            return;
        }

        var timeoutSeconds = request.Number("timeoutSeconds") is { } asked and > 0 ? asked : MinDefaultTimeoutSeconds + Random.Shared.Next(MinDefaultTimeoutSeconds);
        var duration = TimeSpan.FromSeconds(Math.Min(timeoutSeconds, int.MaxValue / 1000));
        using var timeout = new CancellationTokenSource(duration, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, request.Aborted, stopping);
        await http.Response.Body.FlushAsync(request.Aborted);
        try
        {
            var writer = new WatchWriter(request, tables);
            if (fromPresent && sendInitial != false)
            {
                foreach (var stored in snapshot.Objects.Values.Where(filter.Matches))
                {
                    writer.Add("ADDED", stored);
                    await writer.FlushIfLargeAsync(ending.Token);
                }
            }

            if (sendInitial == true)
            {
                writer.AddBookmark(snapshot.Revision, initialEventsEnd: true);
            }

            await writer.FlushAsync(ending.Token);
            await FollowAsync(subscription, filter, writer, bookmarks ? FirstBookmark(duration) : null, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The orderly end of a watch.
        }
    }

    /// <summary>A watch that is short tells its version once more before it ends, so that the next one can start there.</summary>
    private TimeSpan FirstBookmark(TimeSpan duration) =>
        duration > BookmarkBeforeEnd && duration - BookmarkBeforeEnd < bookmarkInterval ? duration - BookmarkBeforeEnd : bookmarkInterval;

    /// <param name="subscription">The changes.</param>
    /// <param name="filter">Which of them are meant.</param>
    /// <param name="writer">Where they go.</param>
    /// <param name="firstBookmark">After how long the version is told for the first time; null for never.</param>
    /// <param name="ct">Ends it.</param>
    private async Task FollowAsync(WatchSubscription subscription, WatchFilter filter, WatchWriter writer, TimeSpan? firstBookmark, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        var wait = firstBookmark;
        while (true)
        {
            var left = wait - time.GetElapsedTime(since);
            var more = await WaitAsync(subscription, left is null ? Timeout.InfiniteTimeSpan : left > TimeSpan.Zero ? left.Value : TimeSpan.Zero, ct);
            if (more == false)
            {
                return;
            }

            var published = objects.Store.PublishedRevision();
            while (subscription.Changes.TryRead(out var change))
            {
                if (filter.EventFor(change) is { } found)
                {
                    writer.Add(found.Type, found.Object, found.Revision);
                    await writer.FlushIfLargeAsync(ct);
                }
            }

            if (wait is not null && time.GetElapsedTime(since) >= wait)
            {
                writer.AddBookmark(published, initialEventsEnd: false);
                (since, wait) = (time.GetTimestamp(), bookmarkInterval);
            }

            await writer.FlushAsync(ct);
        }
    }

    /// <summary>True when there is something to read, false when the subscription is over, null when the time is up.</summary>
    private async Task<bool?> WaitAsync(WatchSubscription subscription, TimeSpan limit, CancellationToken ct)
    {
        var readable = subscription.Changes.WaitToReadAsync(ct);
        if (readable.IsCompleted)
        {
            return await readable;
        }

        try
        {
            return await readable.AsTask().WaitAsync(limit, time, ct);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static bool? InitialEvents(ApiRequest request, bool bookmarks)
    {
        var match = request.Query("resourceVersionMatch");
        if (request.Query("sendInitialEvents") is null)
        {
            return match is null ? null : throw Invalid(request, FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
        }

        if (match != "NotOlderThan")
        {
            throw Invalid(request, FieldError.Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
        }

        if (!bookmarks && request.Flag("sendInitialEvents"))
        {
            throw Invalid(request, FieldError.Forbidden("allowWatchBookmarks", "sendInitialEvents requires allowWatchBookmarks"));
        }

        return request.Flag("sendInitialEvents");
    }

    private static ApiException Invalid(ApiRequest request, FieldError error) => ApiError.Invalid("meta.k8s.io", "ListOptions", request.Name, [error]);

    private static async Task WriteErrorAsync(ApiRequest request, ApiException error)
    {
        var line = new JsonObject { ["type"] = "ERROR", ["object"] = error.ToStatus() };
        await request.Http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(JsonBody.ToText(line) + "\n"), request.Aborted);
    }
}
