using System.Collections.Immutable;

namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>What is served at present: the built-in kinds and the established CRDs. An immutable list, swapped whole.</summary>
internal sealed class ResourceRegistry
{
    /// <summary>Preference of groups in discovery; kubectl resolves a bare name to the first match.</summary>
    private static readonly string[] GroupOrder =
    [
        "", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "batch", "networking.k8s.io", "policy",
        "rbac.authorization.k8s.io", "apiextensions.k8s.io", "coordination.k8s.io", "discovery.k8s.io",
    ];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ImmutableArray<ResourceType>> _custom = new(StringComparer.Ordinal);
    private ImmutableArray<ResourceType> _types = [.. BuiltinResources.All.OrderBy(t => Array.IndexOf(GroupOrder, t.Group))];

    /// <summary>Changes whenever a kind comes, changes or goes; caches of derived documents key on it.</summary>
    public int Generation { get; private set; }

    /// <summary>Every served resource version, groups in order of preference.</summary>
    public ImmutableArray<ResourceType> Types => _types;

    public ResourceType? Find(string group, string version, string plural)
    {
        foreach (var type in _types)
        {
            if (type.Plural == plural && type.Group == group && type.Version == version)
            {
                return type;
            }
        }

        return null;
    }

    /// <summary>Any version of the kind, for owner references, whose version may be an older one.</summary>
    public ResourceType? FindKind(string group, string kind) =>
        _types.FirstOrDefault(t => t.Group == group && t.Kind == kind && t.IsStored);

    /// <summary>One type per stored resource.</summary>
    public IEnumerable<ResourceType> StoredTypes() =>
        _types.Where(t => t.IsStored && t.StoredAs is null).DistinctBy(t => t.StorageResource, StringComparer.Ordinal);

    public bool HasGroupVersion(string group, string version) => _types.Any(t => t.Group == group && t.Version == version);

    /// <summary>Publishes, replaces or (with an empty list) withdraws the versions of a CRD.</summary>
    public void SetCustom(string crdName, ImmutableArray<ResourceType> types)
    {
        lock (_gate)
        {
            if (types.IsEmpty)
            {
                _custom.Remove(crdName);
            }
            else
            {
                _custom[crdName] = types;
            }

            _types =
            [
                .. BuiltinResources.All.OrderBy(t => Array.IndexOf(GroupOrder, t.Group)),
                .. _custom.OrderBy(c => c.Value[0].Group, StringComparer.Ordinal).ThenBy(c => c.Key, StringComparer.Ordinal).SelectMany(c => c.Value),
            ];
            Generation++;
        }
    }
}
