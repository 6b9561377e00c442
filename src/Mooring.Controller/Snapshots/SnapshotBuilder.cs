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
/// same result, whatever the memory holds. What is wrong with one object never changes what another one gets.
/// </summary>
internal static class SnapshotBuilder
{
    /// <param name="world">The world as it is.</param>
    /// <param name="memory">Of the builds before; null for none.</param>
    public static BuildResult Build(ClusterWorld world, BuildMemory? memory = null)
    {
        memory ??= new BuildMemory();
        var pools = world.BackendPools.Select(pool => memory.Read(pool, world.Authorities)).ToDictionary(pool => pool.Key);
        var vips = world.VirtualIps
            .Where(vip => vip.Metadata.DeletionTimestamp is null)
            .Select(memory.Read)
            .OrderBy(vip => vip.Key.Namespace, StringComparer.Ordinal)
            .ThenBy(vip => vip.Key.Name, StringComparer.Ordinal)
            .ToArray();
        var allocation = AddressAllocation.Resolve(vips, world);
        vips = [.. allocation.VirtualIps.Select(memory.Share)];
        var findings = Judge(vips, world, memory, out var owners);
        var sets = new BackendSets(memory.Sources(world), memory.Sets, pools);
        var nodes = NodeFactsReader.Read(world, memory);
        var holders = world.Holders.ToDictionary(claim => claim.Key, claim => claim.Value.Node);
        var forwarding = new ForwardingResolver(world.Agents.Values);
        var evaluations = vips
            .Select(vip => findings[vip.Key] is { IsEmpty: false } bad
                ? new VirtualIpEvaluation { Settings = vip, Findings = bad }
                : Evaluate(vip, sets, forwarding))
            .ToArray();
        evaluations = Place(evaluations, nodes, holders, world, memory.Placement);
        var plan = MovePlanning.Plan(evaluations, holders, world);
        evaluations = [.. MovePlanning.Join(evaluations, plan).Select(memory.Share)];

        var snapshot = new ClusterSnapshot
        {
            Revision = 0,
            Nodes = Peers(world, memory),
            VirtualIps =
            [
                .. evaluations.Where(vip => vip.Published).Select(vip => memory.Intent(vip, world.Terms, () => ToIntent(vip, world))),
            ],
            BackendSets = sets.Published(evaluations),
            HeartbeatKeys = world.HeartbeatKeys,
        };
        var poolEvaluations = sets.Evaluate(snapshot.BackendSets);
        (snapshot, var departures) = Departures.Keep(snapshot, world);
        var result = new BuildResult(snapshot, [.. evaluations], [.. poolEvaluations.Select(memory.Share)], owners)
        {
            Moves = plan.Moves,
            Departures = departures,
            ClaimChanges = allocation.Changes,
            Probes = allocation.Probes,
            Taken = allocation.Taken,
            AddressPools = allocation.Pools,
            NextCheck = departures.Values.Select(until => (TimeSpan?)until).Append(MovePlanning.NextCheck(plan, nodes, world)).Min(),
        };
        memory.Turn();
        return result;
    }

    private static ImmutableArray<NodePeer> Peers(ClusterWorld world, BuildMemory memory)
    {
        var named = world.Nodes.Select(node => node.Metadata.Name).ToHashSet();
        return
        [
            .. world.Agents.Values
                .Where(agent => !agent.Interfaces.IsEmpty && (agent.Presence != AgentPresence.Absent || named.Contains(agent.Node)))
                .OrderBy(agent => agent.Node, StringComparer.Ordinal)
                .Select(agent => memory.Share(new NodePeer
                {
                    Name = agent.Node,
                    Interfaces = agent.Interfaces,
                    Away = agent.Presence == AgentPresence.Absent,
                })),
        ];
    }

    private static Dictionary<NamespacedName, ImmutableArray<Finding>> Judge(
        VirtualIpSettings[] vips, ClusterWorld world, BuildMemory memory, out ImmutableDictionary<IPAddress, NamespacedName> owners)
    {
        var subnets = new SubnetCheck(world.Agents.Values);
        var findings = vips.ToDictionary(
            vip => vip.Key,
            vip => vip.Findings.IsEmpty ? [.. subnets.Check(vip).Where(_ => !IsHeld(vip, world))] : vip.Findings);
        VirtualIpSettings[] contenders = [.. vips.Where(vip => findings[vip.Key].IsEmpty)];
        var settled = memory.Claims(
            contenders, world.AddressOwners, world.AddressClaims, () => AddressClaims.Settle(contenders, Incumbents(world)));
        owners = settled.Owners;
        foreach (var (key, conflict) in settled.Conflicts)
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

    private static VirtualIpEvaluation Evaluate(VirtualIpSettings vip, BackendSets sets, ForwardingResolver forwarding)
    {
        var ports = vip.Ports.Select(port => sets.Resolve(port, vip)).ToImmutableArray();
        return new VirtualIpEvaluation
        {
            Settings = vip,
            Ports = ports,
            Forwarding = forwarding.Resolve(vip, ports.Select(port => port.Set?.Algorithm).OfType<BalancingAlgorithm>()),
            Published = ports.Any(port => port.Set is not null),
        };
    }

    private static VirtualIpEvaluation[] Place(
        VirtualIpEvaluation[] evaluations,
        IReadOnlyCollection<NodeFacts> nodes,
        Dictionary<IPAddress, string> holders,
        ClusterWorld world,
        PlacementMemory memory)
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
            holders,
            world.Policy.Placement,
            memory);
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
