using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;

namespace Mooring.Core.Placement;

/// <summary>
/// Finds the class of an address. Thousands of addresses fall into few classes, one for each set of subnets and wishes, so
/// that not each of them is checked against each of a thousand nodes.
/// </summary>
internal sealed class AddressClasses
{
    private readonly NodeFacts[] _nodes;
    private readonly Dictionary<string, NodeFacts> _byName;
    private readonly EligibilityContext _context;
    private readonly SubnetIndex _subnets;
    private readonly Dictionary<Key, AddressClass> _classes = [];

    /// <param name="nodes">Sorted by name.</param>
    /// <param name="options">How to judge.</param>
    public AddressClasses(NodeFacts[] nodes, PlacementOptions options)
    {
        _nodes = nodes;
        _byName = nodes.ToDictionary(node => node.Name, StringComparer.Ordinal);
        _context = new EligibilityContext(nodes, options);
        _subnets = new SubnetIndex(nodes.SelectMany(node => node.Interfaces).SelectMany(nic => nic.Addresses).Select(own => own.Subnet));
    }

    public AddressClass Of(PlacementRequest request, string? holder)
    {
        // A holder that is expected back passes checks that others do not.
        var expected = holder is not null && _byName.TryGetValue(holder, out var node) && node.Agent == AgentPresence.Expected
            ? holder : null;
        var subnets = _subnets.Containing(request.Address, out var special);
        var key = new Key(
            Wishes(request), subnets, expected, special || _context.OwnerOf(request.Address) is not null ? request.Address : null);
        if (!_classes.TryGetValue(key, out var found))
        {
            found = Compute(request, expected);
            _classes.Add(key, found);
        }

        return found;
    }

    private AddressClass Compute(PlacementRequest request, string? expected)
    {
        var eligible = new List<NodeFacts>();
        var lastResort = new List<NodeFacts>();
        var rejected = ImmutableArray.CreateBuilder<RejectedNode>();
        foreach (var node in _nodes)
        {
            if (Eligibility.Reject(request, node, node.Name == expected, _context) is not { } rejection)
            {
                eligible.Add(node);
                continue;
            }

            rejected.Add(rejection);
            if (rejection.Reason == IneligibleReason.CannotForward)
            {
                lastResort.Add(node);
            }
        }

        // What an agent says may be wrong, and what it still has in the kernel may do: better than nobody.
        var nobodyCan = eligible.Count == 0 && lastResort.Count > 0;
        if (nobodyCan)
        {
            rejected.RemoveAll(rejection => rejection.Reason == IneligibleReason.CannotForward);
            eligible = lastResort;
        }

        return new AddressClass(eligible.Select(node => new EligibleNode(node, Preference(request, node))), rejected.ToImmutable())
        {
            IsLastResort = nobodyCan,
        };
    }

    private static int Preference(PlacementRequest request, NodeFacts node) => request.PreferredNodes
        .Where(wish => wish.Labels.All(label => node.Labels.GetValueOrDefault(label.Key) == label.Value))
        .Sum(wish => wish.Weight);

    /// <summary>Everything but the address that a check or a preference looks at, as text that is equal when they are.</summary>
    private static string Wishes(PlacementRequest request)
    {
        if (request.NodeSelector.IsEmpty && request.PreferredNodes.IsEmpty && request.LocalEndpointNodes is null)
        {
            return "";
        }

        var text = new StringBuilder();
        Append(text, request.NodeSelector);
        foreach (var wish in request.PreferredNodes)
        {
            text.Append(CultureInfo.InvariantCulture, $"|{wish.Weight}:");
            Append(text, wish.Labels);
        }

        if (request.LocalEndpointNodes is { } nodes)
        {
            // No name of a node and no label has a line break.
            text.Append('\n').AppendJoin(',', nodes.Order(StringComparer.Ordinal));
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, ImmutableDictionary<string, string> labels)
    {
        foreach (var (key, value) in labels.OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            text.Append(key).Append('=').Append(value).Append(',');
        }
    }

    private readonly record struct Key(string Wishes, string Subnets, string? Expected, IPAddress? Alone);
}
