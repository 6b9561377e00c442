using System.Net;

namespace Mooring.Core.Placement;

/// <summary>What a check may look at beside the address and the node.</summary>
internal sealed class EligibilityContext
{
    private readonly Dictionary<IPAddress, (string Node, string Interface)> _owners = [];

    public EligibilityContext(IEnumerable<NodeFacts> nodes, PlacementOptions options)
    {
        Options = options;
        foreach (var node in nodes)
        {
            foreach (var nic in node.Interfaces)
            {
                foreach (var own in nic.Addresses)
                {
                    _owners.TryAdd(own.Address, (node.Name, nic.Name));
                }
            }
        }
    }

    public PlacementOptions Options { get; }

    /// <summary>The node that has <paramref name="address"/> bound to one of its interfaces, or null.</summary>
    public (string Node, string Interface)? OwnerOf(IPAddress address) =>
        _owners.TryGetValue(address, out var owner) ? owner : null;
}
