using System.Collections.Immutable;

namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>The whole store at one revision.</summary>
internal sealed record StoreImage(long Revision, ImmutableDictionary<string, ImmutableSortedDictionary<string, StoredObject>> Resources)
{
    public static readonly StoreImage Empty = new(0, ImmutableDictionary.Create<string, ImmutableSortedDictionary<string, StoredObject>>(StringComparer.Ordinal));
}
