using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Allocation;
using Mooring.Controller.Resolution;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// Computes from the world what every agent should have, and what each object came to. Pure; the same world gives the
/// same result. What is wrong with one object never changes what another one gets.
/// </summary>
internal static class SnapshotBuilder
{
    public static BuildResult Build(ClusterWorld world)
    {
        var pools = world.BackendPools.Select(BackendPoolReader.Read).Select(world.Authorities.Complete).ToDictionary(pool => pool.Key);
        var vips = world.VirtualIps
            .Where(vip => vip.Metadata.DeletionTimestamp is null)
            .Select(VirtualIpReader.Read)
            .OrderBy(vip => vip.Key.Namespace, StringComparer.Ordinal)
            .ThenBy(vip => vip.Key.Name, StringComparer.Ordinal)
            .ToArray();
        var allocation = AddressAllocation.Resolve(vips, world);
        vips = [.. allocation.VirtualIps];
        var findings = Judge(vips, world, out var owners);
        var sets = new BackendSets(new EndpointResolver(new EndpointSources(world)), pools);
        var nodes = NodeFactsReader.Read(world);
        var evaluations = vips
            .Select(vip => findings[vip.Key] is { IsEmpty: false } bad
                ? new VirtualIpEvaluation { Settings = vip, Findings = bad }
                : Evaluate(vip, sets, world))
            .ToArray();
        evaluations = Place(evaluations, nodes, world);
        var plan = MovePlanning.Plan(evaluations, world);
        evaluations = MovePlanning.Join(evaluations, plan);

        var snapshot = new ClusterSnapshot
        {
            Revision = 0,
            Nodes =
            [
                .. world.Agents.Values
                    .Where(agent => !agent.Interfaces.IsEmpty
                        && (agent.Presence != AgentPresence.Absent || world.Nodes.Any(node => node.Metadata.Name == agent.Node)))
                    .OrderBy(agent => agent.Node, StringComparer.Ordinal)
                    .Select(agent => new NodePeer
                    {
                        Name = agent.Node,
                        Interfaces = agent.Interfaces,
                        Away = agent.Presence == AgentPresence.Absent,
                    }),
            ],
            VirtualIps = [.. evaluations.Where(vip => vip.Published).Select(vip => ToIntent(vip, world))],
            BackendSets = sets.Published(evaluations),
            HeartbeatKeys = world.HeartbeatKeys,
        };
        (snapshot, var departures) = Departures.Keep(snapshot, world);
        return new BuildResult(snapshot, [.. evaluations], sets.Evaluate(evaluations), owners)
        {
            Moves = plan.Moves,
            Departures = departures,
            ClaimChanges = allocation.Changes,
            Probes = allocation.Probes,
            Taken = allocation.Taken,
            AddressPools = allocation.Pools,
            NextCheck = departures.Values.Select(until => (TimeSpan?)until).Append(MovePlanning.NextCheck(plan, nodes, world)).Min(),
        };
    }

    private static Dictionary<NamespacedName, ImmutableArray<Finding>> Judge(
        VirtualIpSettings[] vips, ClusterWorld world, out ImmutableDictionary<IPAddress, NamespacedName> owners)
    {
        var subnets = new SubnetCheck(world.Agents.Values);
        var findings = vips.ToDictionary(
            vip => vip.Key,
            vip => vip.Findings.IsEmpty ? [.. subnets.Check(vip).Where(_ => !IsHeld(vip, world))] : vip.Findings);
        (var conflicts, owners) = AddressClaims.Settle(
            vips.Where(vip => findings[vip.Key].IsEmpty), Incumbents(world));
        foreach (var (key, conflict) in conflicts)
        {
            findings[key] = conflict;
        }

        return findings;
    }

    /// <summary>A claim is as good as having had the address before.</summary>
    private static ImmutableDictionary<IPAddress, NamespacedName> Incumbents(ClusterWorld world)
    {
        var incumbents = world.AddressOwners.ToBuilder();
        foreach (var claim in world.AddressClaims)
        {
            if (claim.Spec.Owners.Count > 0 && IPAddress.TryParse(claim.Spec.Address, out var address))
            {
                incumbents.TryAdd(address, new NamespacedName(claim.Spec.Owners[0].NamespaceProperty, claim.Spec.Owners[0].Name));
            }
        }

        return incumbents.ToImmutable();
    }

    /// <summary>Someone answers for it, so the list of subnets is what is incomplete.</summary>
    private static bool IsHeld(VirtualIpSettings vip, ClusterWorld world) =>
        vip.Addresses.Any(address => world.Holders.ContainsKey(address)
            && world.AddressOwners.TryGetValue(address, out var owner) && owner == vip.Key);

    private static VirtualIpEvaluation Evaluate(VirtualIpSettings vip, BackendSets sets, ClusterWorld world)
    {
        var ports = vip.Ports.Select(port => sets.Resolve(port, vip)).ToImmutableArray();
        return new VirtualIpEvaluation
        {
            Settings = vip,
            Ports = ports,
            Forwarding = ForwardingResolver.Resolve(
                vip, world.Agents.Values, ports.Select(port => port.Set?.Algorithm).OfType<BalancingAlgorithm>()),
            Published = ports.Any(port => port.Set is not null),
        };
    }

    private static VirtualIpEvaluation[] Place(
        VirtualIpEvaluation[] evaluations, IReadOnlyCollection<NodeFacts> nodes, ClusterWorld world)
    {
        var requests = evaluations.Where(vip => vip.Accepted).SelectMany(vip => vip.Settings.Addresses.Select(address =>
            new PlacementRequest
            {
                Address = address,
                NodeSelector = vip.Settings.NodeSelector,
                PreferredNodes = vip.Settings.PreferredNodes,
                Sticky = vip.Settings.Sticky,
                RequestedNode = vip.Settings.Resource.Metadata.Annotations?.TryGetValue(
                    VirtualIpSettings.MoveToAnnotation, out var node) == true ? node : null,
                LocalEndpointNodes = vip.Settings.LocalEndpointsOnly ? NodesWithEndpoints(vip, address) : null,
            }));
        var placements = PlacementPlanner.Place(
            [.. requests.DistinctBy(request => request.Address)],
            nodes,
            world.Holders.ToImmutableDictionary(claim => claim.Key, claim => claim.Value.Node),
            world.Policy.Placement);
        return
        [
            .. evaluations.Select(vip => vip.Accepted
                ? vip with { Placements = [.. vip.Settings.Addresses.Select(address => placements[address])] }
                : vip),
        ];
    }

    /// <summary>Nodes on which some port of the VirtualIp has an endpoint that takes connections.</summary>
    private static ImmutableHashSet<string> NodesWithEndpoints(VirtualIpEvaluation vip, IPAddress address) =>
        vip.Ports
            .SelectMany(port => port.Set?.Backends ?? [])
            .Where(backend => backend is { Condition: BackendCondition.Ready, Weight: > 0 }
                && backend.Address.AddressFamily == address.AddressFamily)
            .Select(backend => backend.NodeName)
            .OfType<string>()
            .ToImmutableHashSet(StringComparer.Ordinal);

    private static VirtualIpIntent ToIntent(VirtualIpEvaluation vip, ClusterWorld world) => new()
    {
        Key = vip.Settings.Key,
        Addresses =
        [
            .. vip.Settings.Addresses.Zip(vip.Planned, (address, planned) => new AddressIntent
            {
                Address = address,
                Candidates = planned.Candidates,
                Move = planned.Move,
                Term = world.Terms.GetValueOrDefault(address),
            }),
        ],
        Ports =
        [
            .. vip.Ports.Where(port => port.Set is not null).Select(port => new PortIntent
            {
                Name = port.Settings.Name,
                Port = port.Settings.Port,
                Protocol = port.Settings.Protocol,
                BackendSetId = port.Set!.Id,
            }),
        ],
        Forwarding = vip.Forwarding!.Mode,
        LocalEndpointsOnly = vip.Settings.LocalEndpointsOnly,
        HealthCheckNodePort = vip.Settings.HealthCheckNodePort,
        SourceRanges = vip.Settings.SourceRanges,
        HeartbeatInterval = vip.Settings.HeartbeatInterval,
        DetectMultiplier = vip.Settings.DetectMultiplier,
    };
}
