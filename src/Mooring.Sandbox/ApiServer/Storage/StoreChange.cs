namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>
/// One committed write. <see cref="Current"/> is null for a deletion, in which case <see cref="Previous"/> is the last
/// state stamped with the deletion's revision, as a DELETED event carries it.
/// </summary>
internal sealed record StoreChange(long Revision, ObjectKey Key, StoredObject? Previous, StoredObject? Current)
{
    /// <summary>What was stored before, by which the change can be undone; null for a new object.</summary>
    public StoredObject? Replaced { get; init; } = Previous;
}
