using System.Collections.Immutable;

namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>All objects of one resource at one revision, in key order.</summary>
internal sealed record ResourceSnapshot(long Revision, ImmutableSortedDictionary<string, StoredObject> Objects)
{
    public static readonly ImmutableSortedDictionary<string, StoredObject> Empty =
        ImmutableSortedDictionary.Create<string, StoredObject>(StringComparer.Ordinal);
}
