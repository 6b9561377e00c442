using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Placement;

/// <summary>The checks a node passes, in this order, before it may hold an address.</summary>
internal static class Eligibility
{
    public static readonly ImmutableArray<EligibilityCheck> Checks =
    [
        new(IneligibleReason.AgentNotConnected, AgentConnected, NeedsAgent: true),
        new(IneligibleReason.NodeNotReady, (_, node, _) => node.Ready
            ? null : "the node's Ready condition is not True"),
        new(IneligibleReason.Draining, NotDraining),
        new(IneligibleReason.ExcludedByLabel, (_, node, _) => node.Labels.ContainsKey(NodeFacts.ExcludeLabel)
            ? $"the node has the label {NodeFacts.ExcludeLabel}" : null),
        new(IneligibleReason.NodeSelectorMismatch, SelectorMatches),
        new(IneligibleReason.NetworkUnavailable, (_, node, _) => node.NetworkUnavailable
            ? "the node's NetworkUnavailable condition is True" : null),
        new(IneligibleReason.NoInterfaceInSubnet, HasInterface, NeedsAgent: true),
        new(IneligibleReason.InterfaceDown, InterfaceIsUp, NeedsAgent: true),
        new(IneligibleReason.AddressUnusable, AddressIsUsable),
        new(IneligibleReason.NoLocalEndpoints, HasLocalEndpoint),

        // Last, so that who fails it passes all others, and can be fallen back on.
        new(IneligibleReason.CannotForward, (_, node, _) => node.CannotForward, NeedsAgent: true),
    ];

    /// <summary>The first check that fails, or null for an eligible node.</summary>
    /// <param name="request">The address.</param>
    /// <param name="node">The node.</param>
    /// <param name="holds">The node is the present holder.</param>
    /// <param name="context">The other nodes and the options.</param>
    public static RejectedNode? Reject(
        PlacementRequest request, NodeFacts node, bool holds, EligibilityContext context)
    {
        // The holder of an agent that is expected back has not said yet what its interfaces are like.
        var trusted = holds && node.Agent == AgentPresence.Expected;
        foreach (var check in Checks)
        {
            if (!(trusted && check.NeedsAgent) && check.Test(request, node, context) is { } message)
            {
                return new RejectedNode(node.Name, check.Reason, message);
            }
        }

        return null;
    }

    private static string? AgentConnected(PlacementRequest request, NodeFacts node, EligibilityContext context) =>
        node.Agent switch
        {
            AgentPresence.Connected => null,
            // It backs the others up without the controller; only what it cannot be asked about counts against it.
            AgentPresence.Expected when !node.Interfaces.IsEmpty => null,
            AgentPresence.Expected => "the agent has not connected yet",
            _ => "no agent on this node is connected to the controller",
        };

    private static string? NotDraining(PlacementRequest request, NodeFacts node, EligibilityContext context)
    {
        if (node.Draining)
        {
            return "the node is being drained";
        }

        return node.Unschedulable && context.Options.CordonDrains ? "the node is cordoned" : null;
    }

    private static string? SelectorMatches(PlacementRequest request, NodeFacts node, EligibilityContext context)
    {
        foreach (var (key, value) in request.NodeSelector.OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            if (!node.Labels.TryGetValue(key, out var actual))
            {
                return $"nodeSelector wants {key}={value}, the node has no label {key}";
            }

            if (actual != value)
            {
                return $"nodeSelector wants {key}={value}, the node has {key}={actual}";
            }
        }

        return null;
    }

    private static string? HasInterface(PlacementRequest request, NodeFacts node, EligibilityContext context)
    {
        if (node.Interfaces.Any(nic => nic.OnLink(request.Address) is not null))
        {
            return null;
        }

        var subnets = node.Interfaces
            .Where(nic => !nic.Addresses.IsEmpty)
            .Select(nic => $"{nic.Name} {string.Join(", ", nic.Addresses.Select(own => own.Subnet.ToString()))}")
            .ToArray();
        return "no interface has a subnet with the address; "
            + (subnets.Length == 0 ? $"{node.Name} reports none" : $"{node.Name} has {string.Join("; ", subnets)}");
    }

    private static string? InterfaceIsUp(PlacementRequest request, NodeFacts node, EligibilityContext context)
    {
        var onLink = node.Interfaces.Where(nic => nic.OnLink(request.Address) is not null).ToArray();
        return onLink.Any(nic => nic.Up)
            ? null
            : $"{string.Join(", ", onLink.Select(nic => nic.Name))} has the address's subnet and is down or without carrier";
    }

    private static string? AddressIsUsable(PlacementRequest request, NodeFacts node, EligibilityContext context)
    {
        if (context.OwnerOf(request.Address) is { } owner)
        {
            return $"{request.Address} is {owner.Node}'s own address on {owner.Interface}";
        }

        foreach (var nic in node.Interfaces)
        {
            if (nic.OnLink(request.Address) is { } own && IsNetworkOrBroadcast(request.Address, own))
            {
                return $"{request.Address} is the {NetworkOrBroadcast(request.Address)} address of {own.Subnet}";
            }
        }

        return null;
    }

    private static string NetworkOrBroadcast(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork ? "network or broadcast" : "subnet-router anycast";

    private static bool IsNetworkOrBroadcast(IPAddress address, InterfaceAddress own)
    {
        if (address.AddressFamily != AddressFamily.InterNetwork)
        {
            // Every router answers for it (RFC 4291 section 2.6.1); a /127 and a /128 have none (RFC 6164).
            return own.Subnet.PrefixLength < 127 && address.Equals(own.Subnet.BaseAddress);
        }

        // /31 and /32 have neither (RFC 3021).
        if (own.Subnet.PrefixLength > 30)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        var host = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes)
            & (uint.MaxValue >> own.Subnet.PrefixLength);
        return own.Subnet.PrefixLength > 0 && (host == 0 || host == uint.MaxValue >> own.Subnet.PrefixLength);
    }

    private static string? HasLocalEndpoint(PlacementRequest request, NodeFacts node, EligibilityContext context) =>
        request.LocalEndpointNodes is { } nodes && !nodes.Contains(node.Name)
            ? "the policy needs a ready endpoint on the holder and the node has none"
            : null;
}
