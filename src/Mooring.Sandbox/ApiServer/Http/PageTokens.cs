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

        return Base64Url.EncodeToString(JsonBody.ToBytes(new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = snapshot.Revision, ["start"] = lastPath }));
    }

    public (ResourceSnapshot Snapshot, string After) Redeem(string resource, string token)
    {
        JsonNode? content;
        try
        {
            content = JsonBody.Parse(Base64Url.DecodeFromChars(token));
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw ApiError.BadRequest("continue key is not valid");
        }

        if (content.Int("rv") is not { } revision || content.Str("start") is not { } after)
        {
            throw ApiError.BadRequest("continue key is not valid");
        }

        lock (_gate)
        {
            DropOld();
            return _snapshots.TryGetValue((resource, revision), out var kept)
                ? (kept.Snapshot, after)
                : throw ApiError.Gone(
                    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.");
        }
    }

    /// <summary>A snapshot at exactly a revision, if one is kept.</summary>
    public ResourceSnapshot? Exact(string resource, long revision)
    {
        lock (_gate)
        {
            return _snapshots.TryGetValue((resource, revision), out var kept) ? kept.Snapshot : null;
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _snapshots.Clear();
        }
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
