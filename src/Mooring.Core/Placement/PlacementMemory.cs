using System.Net;

namespace Mooring.Core.Placement;

/// <summary>
/// What one call of <see cref="PlacementPlanner.Place"/> leaves to the next: the ranking of an address holds as long as no
/// node changes. The result is the same without it. Not safe for use by many at once.
/// </summary>
public sealed class PlacementMemory
{
    private NodeFacts[] _nodes = [];
    private PlacementOptions _options = PlacementOptions.Default;
    private AddressClasses? _classes;
    private Dictionary<IPAddress, (RankedAddress Ranked, AddressPlacement? Placement)> _last = [];
    private Dictionary<IPAddress, (RankedAddress Ranked, AddressPlacement? Placement)> _next = [];

    private PlacementRequest[] _requests = [];
    private Dictionary<IPAddress, string> _holders = [];
    private IReadOnlyDictionary<IPAddress, AddressPlacement>? _result;

    /// <summary>Begins a placement on these nodes, sorted by name.</summary>
    internal AddressClasses Begin(NodeFacts[] nodes, PlacementOptions options)
    {
        if (_classes is null || !_options.Equals(options) || !_nodes.AsSpan().SequenceEqual(nodes))
        {
            (_nodes, _options, _classes) = (nodes, options, new AddressClasses(nodes, options));
            _result = null;
        }

        _next = new Dictionary<IPAddress, (RankedAddress, AddressPlacement?)>(_last.Count);
        return _classes;
    }

    /// <summary>The result of the last placement when nothing is another than then; null otherwise.</summary>
    internal IReadOnlyDictionary<IPAddress, AddressPlacement>? Repeat(
        IReadOnlyCollection<PlacementRequest> requests, IReadOnlyDictionary<IPAddress, string> holders) =>
        _result is not null
        && _requests.Length == requests.Count && _requests.SequenceEqual(requests)
        && _holders.Count == holders.Count
        && holders.All(holder => _holders.TryGetValue(holder.Key, out var node) && node == holder.Value)
            ? _result : null;

    internal RankedAddress Rank(PlacementRequest request, AddressClass @class, int count)
    {
        var best = _last.TryGetValue(request.Address, out var last) && last.Ranked.Class == @class
            && last.Ranked.Best.Length >= Math.Min(count, @class.Nodes.Count)
            ? last.Ranked.Best : @class.Rank(request.Address, count);
        return new RankedAddress(request, @class, best);
    }

    /// <summary>The placement, and the same instance as last time when it is the same.</summary>
    internal AddressPlacement Finish(RankedAddress ranked, int standbys)
    {
        var placement = _last.TryGetValue(ranked.Request.Address, out var last) && last.Placement is { } before
            && last.Ranked.Class == ranked.Class
            && last.Ranked.Holder?.Name == ranked.Holder?.Name
            && last.Ranked.FirstStandby?.Name == ranked.FirstStandby?.Name
            && last.Ranked.Request.RequestedNode == ranked.Request.RequestedNode
            ? before : ranked.ToPlacement(standbys);
        _next[ranked.Request.Address] = (ranked, placement);
        return placement;
    }

    internal void End(
        IReadOnlyCollection<PlacementRequest> requests,
        IReadOnlyDictionary<IPAddress, string> holders,
        IReadOnlyDictionary<IPAddress, AddressPlacement> result)
    {
        (_last, _next) = (_next, []);
        (_requests, _holders, _result) = ([.. requests], new Dictionary<IPAddress, string>(holders), result);
    }
}
