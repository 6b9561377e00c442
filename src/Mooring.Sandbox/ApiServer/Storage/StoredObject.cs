using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>
/// One object at one revision, immutable. It is kept as JSON text, so that lists and watches copy bytes; the few
/// fields that selectors and the garbage collector need are read out once.
/// </summary>
internal sealed class StoredObject
{
    private static readonly FrozenDictionary<string, string> NoLabels = FrozenDictionary<string, string>.Empty;

    private StoredObject(ObjectKey key, long revision, byte[] json, JsonObject? metadata)
    {
        Key = key;
        Revision = revision;
        Json = json;
        Uid = metadata.Str("uid") ?? "";
        Labels = metadata.Obj("labels") is { Count: > 0 } labels
            ? labels.Where(l => l.Value.AsString() is not null).ToFrozenDictionary(l => l.Key, l => l.Value.AsString()!)
            : NoLabels;
        Owners = metadata.Arr("ownerReferences") is { Count: > 0 } owners
            ? [.. owners.Select(o => o.Str("uid")).OfType<string>()]
            : [];
        Deleting = metadata.Str("deletionTimestamp") is not null;
    }

    public ObjectKey Key { get; }

    /// <summary>The revision that wrote it, which is its <c>resourceVersion</c>.</summary>
    public long Revision { get; }

    /// <summary>The object's JSON, UTF-8. Not to be written to.</summary>
    public byte[] Json { get; }

    public string Uid { get; }

    public IReadOnlyDictionary<string, string> Labels { get; }

    /// <summary>Uids in <c>metadata.ownerReferences</c>.</summary>
    public IReadOnlyList<string> Owners { get; }

    /// <summary>Whether it has a <c>deletionTimestamp</c>.</summary>
    public bool Deleting { get; }

    /// <summary>A fresh copy that the caller may change.</summary>
    public JsonObject Read() => (JsonObject)JsonBody.Parse(Json)!;

    /// <summary>Stamps the revision into the object and freezes it.</summary>
    public static StoredObject Create(ObjectKey key, long revision, JsonObject value)
    {
        var metadata = value.Ensure("metadata");
        metadata["resourceVersion"] = revision.ToString();
        return new StoredObject(key, revision, JsonBody.ToBytes(value), metadata);
    }

    public static StoredObject Load(ObjectKey key, long revision, byte[] json) =>
        new(key, revision, json, ((JsonObject?)JsonBody.Parse(json)).Obj("metadata"));
}
