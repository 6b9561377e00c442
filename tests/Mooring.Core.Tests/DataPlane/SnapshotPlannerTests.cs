using System.Collections.Immutable;
using System.Net;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.DataPlane;

public sealed class SnapshotPlannerTests
{
    private const string Node = "node-1";
    private static readonly HashSet<string> Nothing = [];

    [Fact]
    public void Plan_OneSetChanges_OnlyItsServicesAreOthers()
    {
        var planner = new SnapshotPlanner(Node);
        var before = Snapshot(9);
        var first = planner.Plan(before, Unknown, changedVerdicts: Nothing);
        var after = before with { Revision = 2, BackendSets = before.BackendSets.SetItem(7, Set(7, 3)) };

        var second = planner.Plan(after, Unknown, changedVerdicts: Nothing);

        var changes = ServiceChanges.Between(first.Services, second.Services);
        changes.Removed.ShouldBeEmpty();
        changes.Added.Select(change => change.Now.Port).ShouldBe([(ushort)1007]);
        changes.Added[0].Before!.Backends.Length.ShouldBe(2);
        changes.Added[0].Now.Backends.Length.ShouldBe(3);
    }

    [Fact]
    public void Plan_SameSnapshot_IsTheSamePlan()
    {
        var planner = new SnapshotPlanner(Node);
        var snapshot = Snapshot(3);

        var first = planner.Plan(snapshot, Unknown, changedVerdicts: Nothing);

        planner.Plan(snapshot with { Revision = 2 }, Unknown, changedVerdicts: Nothing).ShouldBeSameAs(first);
        planner.Plan(snapshot, Unknown, changedVerdicts: null).ShouldBeSameAs(first);
    }

    [Fact]
    public void Plan_VerdictChanges_ItsBackendIsTakenOut()
    {
        var planner = new SnapshotPlanner(Node);
        var snapshot = Snapshot(3);
        planner.Plan(snapshot, Unknown, changedVerdicts: Nothing);

        var plan = planner.Plan(
            snapshot,
            (set, _) =>
            {
                set.ShouldBe("default/p1:80", "no other set is looked at");
                return false;
            },
            changedVerdicts: new HashSet<string> { "default/p1:80", "default/gone:80" });

        plan.Services.Select(service => service.Backends.Length).ShouldBe([2, 0, 2]);
    }

    /// <summary>A planner that saw many snapshots plans as one that sees only the last.</summary>
    [Fact]
    public void Plan_RandomChanges_IsAsFromTheStart()
    {
        var random = new Random(1);
        var planner = new SnapshotPlanner(Node);
        var snapshot = Snapshot(10);
        for (var step = 0; step < 500; step++)
        {
            var which = random.Next(snapshot.BackendSets.Length);
            snapshot = random.Next(6) switch
            {
                0 => Snapshot(random.Next(1, 12)),
                2 when snapshot.VirtualIps.Length > 1 => snapshot with { VirtualIps = snapshot.VirtualIps.RemoveAt(which % snapshot.VirtualIps.Length) },
                1 => snapshot with { Nodes = [new NodePeer { Name = Node }] },
                _ => snapshot with
                {
                    BackendSets = snapshot.BackendSets.SetItem(which, Set(int.Parse(snapshot.BackendSets[which].Id[9..^3]), random.Next(4))),
                },
            };

            var plan = planner.Plan(snapshot, Unknown, changedVerdicts: random.Next(5) == 0 ? null : Nothing);

            Text(plan).ShouldBe(Text(DataPlanePlanner.Plan(snapshot, Node, Unknown)), $"step {step}");
        }
    }

    [Fact]
    public void Plan_VirtualIpAdded_OthersAreTheSameInstances()
    {
        var planner = new SnapshotPlanner(Node);
        var all = Snapshot(9);
        var first = planner.Plan(
            all with { VirtualIps = all.VirtualIps.RemoveAt(4), BackendSets = all.BackendSets.RemoveAt(4) }, Unknown, Nothing).Services;

        var second = planner.Plan(all, Unknown, Nothing).Services;

        ServiceChanges.Between(first, second).Added.ShouldHaveSingleItem().Now.Port.ShouldBe((ushort)1004);
        ServiceChanges.Between(first, second).Removed.ShouldBeEmpty();
        second.Select(service => service.Port).ShouldBeInOrder();
    }

    [Fact]
    public void Between_AddedAndRemoved_FindsBoth()
    {
        var planner = new SnapshotPlanner(Node);
        var some = planner.Plan(Snapshot(3), Unknown, changedVerdicts: Nothing).Services;

        ServiceChanges.Between(some, some.RemoveAt(1)).Removed.ShouldBe([some[1]]);
        ServiceChanges.Between(some.RemoveAt(1), some).Added.ShouldBe([(null, some[1])]);
        ServiceChanges.Between([], some).Added.Count.ShouldBe(3);
        ServiceChanges.Between(some, []).Removed.Count.ShouldBe(3);
    }

    private static bool? Unknown(string set, IPEndPoint endPoint) => null;

    private static string Text(DataPlaneState state) => string.Join('\n', state.Services.Select(service =>
        $"{service.Address} {service.Protocol} {service.Port}: {string.Join(' ', service.Backends)} / {string.Join(' ', service.Draining)}"));

    private static ClusterSnapshot Snapshot(int services) => new()
    {
        Revision = 1,
        BackendSets = [.. Enumerable.Range(0, services).Select(i => Set(i, 2)).OrderBy(set => set.Id, StringComparer.Ordinal)],
        VirtualIps =
        [
            .. Enumerable.Range(0, services).Select(i => new VirtualIpIntent
            {
                Key = new NamespacedName("default", $"v{i}"),
                Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100") }],
                Ports = [new PortIntent { Name = "p", Port = (ushort)(1000 + i), Protocol = TransportProtocol.Tcp, BackendSetId = $"default/p{i}:80" }],
            }),
        ],
    };

    private static BackendSet Set(int number, int backends) => new()
    {
        Id = $"default/p{number}:80",
        Pool = new NamespacedName("default", $"p{number}"),
        Backends =
        [
            .. Enumerable.Range(0, backends).Select(i => new Backend
            {
                Address = new IPAddress([10, 71, (byte)number, (byte)(i + 1)]), Port = 80, NodeName = Node, Condition = BackendCondition.Ready,
            }),
        ],
    };
}
