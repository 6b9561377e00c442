using System.Collections.Immutable;
using System.Net;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Resolution;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// What a build leaves to the next one of the same cluster, so that objects that did not change cost next to nothing. Objects
/// of the caches are never changed, only replaced: the reference is their version. A build without it gives the same result.
/// Not safe for use by many at once.
/// </summary>
internal sealed class BuildMemory
{
    private readonly Reuse<NamespacedName, VirtualIpSettings> _read = new();
    private readonly Reuse<NamespacedName, VirtualIpSettings> _allocated = new();
    private readonly Reuse<NamespacedName, PoolSettings> _poolsRead = new();
    private readonly Reuse<NamespacedName, PoolSettings> _pools = new();
    private readonly Reuse<NamespacedName, VirtualIpEvaluation> _evaluations = new();
    private readonly Reuse<NamespacedName, PoolEvaluation> _poolEvaluations = new();
    private readonly Reuse<NamespacedName, PublishedIntent> _intents = new();
    private readonly Reuse<string, NodePeer> _peers = new(StringComparer.Ordinal);
    private readonly Reuse<string, RememberedNode> _nodes = new(StringComparer.Ordinal);
    private (ClusterWorld World, EndpointSources Sources)? _sources;
    private SettledClaims? _claims;

    public Reuse<string, ResolvedSet> Sets { get; } = new(StringComparer.Ordinal);

    public PlacementMemory Placement { get; } = new();

    public VirtualIpSettings Read(V1Alpha1VirtualIp resource)
    {
        var key = new NamespacedName(resource.Metadata.NamespaceProperty ?? "", resource.Metadata.Name ?? "");
        return _read.Keep(
            key, _read.TryGetLast(key, out var last) && last.Resource == resource ? last : VirtualIpReader.Read(resource));
    }

    public PoolSettings Read(V1Alpha1BackendPool resource, CertificateAuthorities authorities)
    {
        var key = new NamespacedName(resource.Metadata.NamespaceProperty ?? "", resource.Metadata.Name ?? "");
        var read = _poolsRead.Keep(
            key, _poolsRead.TryGetLast(key, out var last) && last.Resource == resource ? last : BackendPoolReader.Read(resource));
        return _pools.Share(key, authorities.Complete(read), static (before, now) =>
            before.Resource == now.Resource && before.HealthCheck == now.HealthCheck && before.Findings.SequenceEqual(now.Findings));
    }

    public VirtualIpSettings Share(VirtualIpSettings allocated) => _allocated.Share(allocated.Key, allocated, static (before, now) =>
        before.Resource == now.Resource && before.Addresses.SequenceEqual(now.Addresses) && before.Findings.SequenceEqual(now.Findings));

    public VirtualIpEvaluation Share(VirtualIpEvaluation vip) => _evaluations.Share(vip.Settings.Key, vip, static (before, now) =>
        before.Settings == now.Settings
        && before.Published == now.Published
        && before.Forwarding == now.Forwarding
        && before.Findings.SequenceEqual(now.Findings)
        && before.Ports.SequenceEqual(now.Ports)
        && before.Placements.SequenceEqual(now.Placements)
        && before.Planned.SequenceEqual(now.Planned)
        && before.Moves.SequenceEqual(now.Moves));

    public PoolEvaluation Share(PoolEvaluation pool) => _poolEvaluations.Share(pool.Settings.Key, pool, static (before, now) =>
        before.Settings == now.Settings
        && before.EndpointFinding == now.EndpointFinding
        && before.Sets.SequenceEqual(now.Sets)
        && before.Unused.SequenceEqual(now.Unused)
        && before.Remarks.Count == now.Remarks.Count
        && before.Remarks.All(remark => now.Remarks.GetValueOrDefault(remark.Key) == remark.Value));

    public NodePeer Share(NodePeer peer) => _peers.Share(
        peer.Name, peer, static (before, now) => before.Away == now.Away && before.Interfaces == now.Interfaces);

    /// <summary>What is published of the VirtualIp: it follows from the evaluation and the terms.</summary>
    public VirtualIpIntent Intent(VirtualIpEvaluation vip, ImmutableDictionary<IPAddress, ulong> terms, Func<VirtualIpIntent> make)
    {
        var still = _intents.TryGetLast(vip.Settings.Key, out var last) && last.Evaluation == vip
            && last.Intent.Addresses.All(address => terms.GetValueOrDefault(address.Address) == address.Term);
        return _intents.Keep(vip.Settings.Key, still ? last! : new PublishedIntent(vip, make())).Intent;
    }

    public NodeFacts Node(V1Node node, AgentFacts? agent, NodeFailure? failure, Func<NodeFacts> make)
    {
        var now = new RememberedNode(node, agent?.Presence, agent?.Interfaces ?? [], agent?.CannotForward, failure, null);
        var name = node.Metadata.Name ?? "";
        var still = _nodes.TryGetLast(name, out var last) && last with { Facts = null } == now;
        return _nodes.Keep(name, still ? last! : now with { Facts = make() }).Facts!;
    }

    public EndpointSources Sources(ClusterWorld world)
    {
        if (_sources is not { World: var before } || before.Pods != world.Pods || before.Services != world.Services
            || before.EndpointSlices != world.EndpointSlices || before.Nodes != world.Nodes)
        {
            _sources = (world, new EndpointSources(world));
        }

        return _sources.Value.Sources;
    }

    /// <summary>Who has which address: the same as long as those who want addresses, and those who had them, are.</summary>
    public SettledClaims Claims(
        VirtualIpSettings[] contenders,
        ImmutableDictionary<IPAddress, NamespacedName> owners,
        IReadOnlyCollection<V1Alpha1AddressClaim> stored,
        Func<SettledClaims> settle)
    {
        if (_claims is not { } last || last.Stored != stored || last.Owners != owners || !last.Contenders.AsSpan().SequenceEqual(contenders))
        {
            _claims = settle() with { Contenders = contenders, Stored = stored };
        }

        return _claims;
    }

    public void Turn()
    {
        _read.Turn();
        _allocated.Turn();
        _poolsRead.Turn();
        _pools.Turn();
        _evaluations.Turn();
        _poolEvaluations.Turn();
        _intents.Turn();
        _peers.Turn();
        _nodes.Turn();
        Sets.Turn();
    }

    private sealed record PublishedIntent(VirtualIpEvaluation Evaluation, VirtualIpIntent Intent);

    private sealed record RememberedNode(
        V1Node Node,
        AgentPresence? Agent,
        ImmutableArray<NodeInterface> Interfaces,
        string? CannotForward,
        NodeFailure? Failure,
        NodeFacts? Facts);
}
