using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>
/// Keeps the snapshots that paged lists are in the middle of, so that every page of a list is of the same revision.
/// Snapshots share their objects with the store and cost little; they are dropped after a while as upstream compacts.
/// </summary>
internal sealed class PageTokens(TimeProvider time)
{
    private const int MaxSnapshots = 256;

    /// <summary>Stands for "whatever is there now" in a token that goes on after the snapshot is gone.</summary>
    private const long Inconsistent = -1;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Resource, long Revision), (ResourceSnapshot Snapshot, long Used)> _snapshots = [];

    public string Issue(string resource, ResourceSnapshot snapshot, string lastPath)
    {
        lock (_gate)
        {
            DropOld();
            _snapshots[(resource, snapshot.Revision)] = (snapshot, time.GetTimestamp());
        }

        return Encode(snapshot.Revision, lastPath);
    }

    /// <summary>The snapshot that a page is cut from, and the path after which it starts.</summary>
    public (ResourceSnapshot Snapshot, string After) Redeem(string resource, string token, ResourceStore store)
    {
        var (revision, after) = Decode(token);
        if (revision == Inconsistent)
        {
            return (store.Snapshot(resource), after);
        }

        lock (_gate)
        {
            DropOld();
            if (_snapshots.TryGetValue((resource, revision), out var kept))
            {
                return (kept.Snapshot, after);
            }
        }

        return (store.SnapshotAt(resource, revision) ?? throw ApiError.ExpiredPage(Encode(Inconsistent, after)), after);
    }

    /// <summary>A snapshot at exactly a revision, if it is still known.</summary>
    public ResourceSnapshot? Exact(string resource, long revision, ResourceStore store)
    {
        lock (_gate)
        {
            if (_snapshots.TryGetValue((resource, revision), out var kept))
            {
                return kept.Snapshot;
            }
        }

        return store.SnapshotAt(resource, revision);
    }

    public void Clear()
    {
        lock (_gate)
        {
            _snapshots.Clear();
        }
    }

    private static string Encode(long revision, string start) =>
        Base64Url.EncodeToString(JsonBody.ToBytes(new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = revision, ["start"] = start }));

    private static (long Revision, string After) Decode(string token)
    {
        try
        {
            var content = JsonBody.Parse(Base64Url.DecodeFromChars(token));
            if (content.Int("rv") is { } revision && content.Str("start") is { } after)
            {
                return (revision, after);
            }
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Not one of ours, which is said below.
        }

        throw ApiError.BadRequest("continue key is not valid");
    }

    private void DropOld()
    {
        foreach (var (key, kept) in _snapshots.ToList())
        {
            if (time.GetElapsedTime(kept.Used) > Lifetime)
            {
                _snapshots.Remove(key);
            }
        }

        while (_snapshots.Count >= MaxSnapshots)
        {
            _snapshots.Remove(_snapshots.MinBy(s => s.Value.Used).Key);
        }
    }
}
