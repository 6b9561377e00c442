using k8s.Models;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>What a handler must believe from what it was told, and whether that ever contradicted itself.</summary>
internal sealed class ToldState
{
    private readonly Dictionary<ObjectKey, V1ConfigMap> _known = [];

    public string? Contradiction { get; private set; }

    public int Count => _known.Count;

    public void Handle(ObjectKey key, V1ConfigMap? old, V1ConfigMap? now)
    {
        _known.TryGetValue(key, out var held);
        if (held?.Metadata.Uid != old?.Metadata.Uid || (now is not null && !ReferenceEquals(held, old)))
        {
            Contradiction ??= $"{key}: told of {Describe(old)} to {Describe(now)} while holding {Describe(held)}";
        }

        if (now is null)
        {
            _known.Remove(key);
        }
        else
        {
            _known[key] = now;
        }
    }

    private static string Describe(V1ConfigMap? map) => map is null ? "nothing" : $"version {map.Metadata.ResourceVersion}";
}
