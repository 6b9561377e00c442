using System.Collections.Immutable;
using System.Net;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Snapshots;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Protocol.Snapshots;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Snapshots;

public sealed class BuildMemoryTests
{
    private const int Vips = 12;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Build_AfterAnyChanges_IsAsWithoutMemory(int seed)
    {
        var random = new Random(seed);
        var memory = new BuildMemory();
        var world = Start();
        for (var step = 0; step < 60; step++)
        {
            world = Change(world, random);

            var with = SnapshotBuilder.Build(world, memory);
            var without = SnapshotBuilder.Build(world);

            Dump(with).ShouldBe(Dump(without), $"seed {seed}, step {step}");
            world = world with
            {
                AddressOwners = with.AddressOwners,
                Moves = with.Moves,
                Departures = with.Departures,
                Published = with.Snapshot with { Revision = (ulong)step + 1 },
                Clock = world.Clock + TimeSpan.FromSeconds(random.Next(20)),
            };
        }
    }

    [Fact]
    public void Build_OnePoolChanged_LeavesAllOtherObjectsTheSame()
    {
        var memory = new BuildMemory();
        var world = Start();
        var before = SnapshotBuilder.Build(world, memory);
        var pools = world.BackendPools.ToArray();
        pools[3] = Fixed(3, weight: 7);
        world = world with { BackendPools = pools, AddressOwners = before.AddressOwners };

        var after = SnapshotBuilder.Build(world, memory);

        Kept(before.Snapshot.BackendSets, after.Snapshot.BackendSets).ShouldBe(Vips - 1);
        Kept(before.Snapshot.VirtualIps, after.Snapshot.VirtualIps).ShouldBe(Vips - 1);
        Kept(before.Snapshot.Nodes, after.Snapshot.Nodes).ShouldBe(3);
        Kept(before.VirtualIps, after.VirtualIps).ShouldBe(Vips - 1);
        Kept(before.Pools, after.Pools).ShouldBe(Vips - 1);
    }

    private static int Kept<T>(ImmutableArray<T> before, ImmutableArray<T> after)
        where T : class => after.Zip(before).Count(pair => ReferenceEquals(pair.First, pair.Second));

    private static ClusterWorld Start() => ThreeNodes(
        Enumerable.Range(0, Vips).Select(i => Vip($"vip-{i}", $"10.70.0.{100 + i}", Port(pool: $"pool-{i}"))),
        Enumerable.Range(0, Vips).Select(i => Fixed(i, weight: 1)));

    private static V1Alpha1BackendPool Fixed(int i, int weight) => Pool($"pool-{i}", spec =>
    {
        spec.Selector = null;
        spec.Endpoints =
        [
            new StaticEndpoint { Address = $"10.80.{i}.1", Port = 8080, Weight = weight },
            new StaticEndpoint { Address = $"10.80.{i}.2", Port = 8080 },
        ];
    });

    private static ClusterWorld Change(ClusterWorld world, Random random)
    {
        var i = random.Next(Vips);
        var address = IPAddress.Parse($"10.70.0.{100 + i}");
        var node = $"node-{random.Next(1, 4)}";
        return random.Next(9) switch
        {
            0 => world with { BackendPools = Replace(world.BackendPools, Fixed(i, random.Next(1, 5)), pool => pool.Metadata.Name) },
            1 => world with { BackendPools = Replace(world.BackendPools, Pool($"pool-{i}"), pool => pool.Metadata.Name) },
            2 => world with { BackendPools = [.. world.BackendPools.Where(pool => pool.Metadata.Name != $"pool-{i}")] },
            3 => world with
            {
                VirtualIps = Replace(
                    world.VirtualIps,
                    Vip($"vip-{i}", $"10.70.0.{100 + random.Next(Vips)}", Port(pool: $"pool-{random.Next(Vips)}")),
                    vip => vip.Metadata.Name),
            },
            4 => world with { VirtualIps = [.. world.VirtualIps.Where(vip => vip.Metadata.Name != $"vip-{i}")] },
            5 => world with
            {
                Holders = world.Holders.SetItem(address, new HolderClaim(node, 1, new DateTimeOffset(Now))),
                Terms = world.Terms.SetItem(address, (ulong)random.Next(1, 9)),
            },
            6 => world with
            {
                Agents = world.Agents.SetItem(node, world.Agents[node] with
                {
                    Presence = (AgentPresence)random.Next(3), AppliedRevision = world.Published?.Revision ?? 0,
                }),
            },
            7 => world with
            {
                Pods = Replace(
                    world.Pods, Pod($"web-{node[^1]}", $"10.71.{node[^1]}.{random.Next(2, 5)}", node, random.Next(2) == 0),
                    pod => pod.Metadata.Name),
            },
            _ => world with { Nodes = Replace(world.Nodes, Node(node, random.Next(3) > 0), one => one.Metadata.Name) },
        };
    }

    private static T[] Replace<T>(IReadOnlyCollection<T> all, T one, Func<T, string?> name) =>
        [.. all.Where(other => name(other) != name(one)), one];

    private static string Dump(BuildResult result) => string.Join(
        '\n',
        [
            SnapshotMapping.ToProto(result.Snapshot with { Revision = 1 }).ToString(),
            .. result.VirtualIps.Select(vip =>
                $"{vip.Settings.Key} {string.Join(';', vip.Findings)} {vip.Forwarding} {vip.Published} "
                + string.Join(';', vip.Ports.Select(port => $"{port.Set?.Id} {port.Set?.Backends.Length} {port.Finding}"))
                + string.Join(';', vip.Placements.Select(placement => string.Join(',', placement.Candidates)
                    + string.Join(',', placement.Rejected) + string.Join(',', placement.Away.Order())))
                + string.Join(';', vip.Moves)),
            .. result.Pools.Select(pool =>
                $"{pool.Settings.Key} {pool.EndpointFinding} {string.Join(',', pool.Sets.Select(set => set.Id))} {pool.Unused.Length}"),
            .. result.AddressOwners.Select(owner => $"{owner.Key} {owner.Value}").Order(StringComparer.Ordinal),
        ]);
}
