using k8s.Models;
using Mooring.Controller.World;

namespace Mooring.Controller.Resolution;

/// <summary>The objects endpoints come from, by the keys they are looked up with.</summary>
internal sealed class EndpointSources
{
    /// <summary>Label that names the Service of an EndpointSlice.</summary>
    private const string ServiceNameLabel = "kubernetes.io/service-name";

    private readonly ILookup<string, V1Pod> _pods;

    /// <summary>Pods by the value of one label, for labels that some selector names: filled as they are asked for.</summary>
    private readonly Dictionary<(string Namespace, string Label), ILookup<string, V1Pod>> _byLabel = [];
    private readonly Dictionary<(string Namespace, string Name), V1Service> _services;

    /// <summary>Filled when it is asked for first.</summary>
    private Dictionary<(string Namespace, string Name), V1Pod>? _byName;
    private readonly ILookup<(string Namespace, string Service), V1EndpointSlice> _slices;
    private readonly Dictionary<string, V1Node> _nodes;

    public EndpointSources(ClusterWorld world)
    {
        _pods = world.Pods.ToLookup(pod => pod.Metadata.NamespaceProperty ?? "", StringComparer.Ordinal);
        _services = world.Services.ToDictionary(
            service => (service.Metadata.NamespaceProperty ?? "", service.Metadata.Name ?? ""));
        _slices = world.EndpointSlices
            .Where(slice => slice.Metadata.Labels?.ContainsKey(ServiceNameLabel) == true)
            .ToLookup(slice => (slice.Metadata.NamespaceProperty ?? "", slice.Metadata.Labels![ServiceNameLabel]));
        _nodes = world.Nodes.ToDictionary(node => node.Metadata.Name ?? "", StringComparer.Ordinal);
    }

    public IEnumerable<V1Pod> Pods(string @namespace, IReadOnlyDictionary<string, string> selector)
    {
        // Thousands of pools look through thousands of pods: each through the fewest that one of its labels leaves.
        var fewest = selector
            .Select(label => ByLabel(@namespace, label.Key)[label.Value])
            .MinBy(pods => pods.Count());
        return (fewest ?? _pods[@namespace]).Where(pod => Matches(pod, selector));
    }

    public V1Pod? Pod(string @namespace, string name) => (_byName ??= _pods.SelectMany(pods => pods).ToDictionary(
        pod => (pod.Metadata.NamespaceProperty ?? "", pod.Metadata.Name ?? ""))).GetValueOrDefault((@namespace, name));

    public V1Node? Node(string? name) => name is null ? null : _nodes.GetValueOrDefault(name);

    public V1Service? Service(string @namespace, string name) => _services.GetValueOrDefault((@namespace, name));

    public IEnumerable<V1EndpointSlice> Slices(string @namespace, string service) => _slices[(@namespace, service)];

    private ILookup<string, V1Pod> ByLabel(string @namespace, string label)
    {
        if (!_byLabel.TryGetValue((@namespace, label), out var pods))
        {
            pods = _pods[@namespace]
                .Where(pod => pod.Metadata.Labels?.ContainsKey(label) == true)
                .ToLookup(pod => pod.Metadata.Labels![label], StringComparer.Ordinal);
            _byLabel.Add((@namespace, label), pods);
        }

        return pods;
    }

    private static bool Matches(V1Pod pod, IReadOnlyDictionary<string, string> selector)
    {
        foreach (var (key, value) in selector)
        {
            if (pod.Metadata.Labels is not { } labels || !labels.TryGetValue(key, out var actual) || actual != value)
            {
                return false;
            }
        }

        return true;
    }
}
