using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Agents;
using Mooring.Controller.Reporting;
using Mooring.Controller.Snapshots;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Tests.Snapshots;

public sealed class SlotAssignerTests
{
    private SlotAssigner _assigner = new(PublishedTables.None.Slots);
    private readonly Dictionary<string, ImmutableArray<Backend>> _backends = [];
    private ulong _generation;

    [Fact]
    public void Assign_NatAndOneWeight_EndpointsKeepTheirSlotsUntilTheyLeave()
    {
        var first = Assign(1, 1, 1, 1).Sparse.ShouldHaveSingleItem();
        var unfit = Assign(Backends(1, 1, 1, 1).SetItem(1, Backends(1, 1, 1, 1)[1] with { Condition = BackendCondition.NotReady }));
        var second = Assign(Backends(1, 1, 1, 1).RemoveAt(1)).Sparse.ShouldHaveSingleItem();

        unfit.Sparse.ShouldHaveSingleItem().ShouldBeSameAs(first, "whoever finds it unfit leaves it out");
        unfit.Slots.ShouldBeEmpty();
        second.Size.ShouldBe(first.Size);
        second.Places.ShouldBe([first.Places[0], first.Places[2], first.Places[3]]);
    }

    [Fact]
    public void Assign_NatAndWeightsThatDiffer_FullTableStaysWhenTheyAreTheSameAgain()
    {
        var first = Assign(1, 2, 1).Slots.ShouldHaveSingleItem();

        var second = Assign(Backends(1, 2, 1).RemoveAt(1));

        second.Sparse.ShouldBeEmpty();
        second.Slots[0].Previous.ShouldBeEmpty("nodes go by the owners alone");
        for (var slot = 0; slot < first.Size; slot++)
        {
            if (first.OwnerOf(slot).Node != "node-1")
            {
                second.Slots[0].OwnerOf(slot).ShouldBe(first.OwnerOf(slot));
            }
        }
    }

    [Fact]
    public void Assign_NothingChanged_IsTheSameSet() => Assign(1, 1, 1).ShouldBeSameAs(Assign(1, 1, 1));

    [Fact]
    public void Assign_TakingTurns_HasNoSlots()
    {
        var set = Assign(Backends(1, 2, 1), algorithm: BalancingAlgorithm.WeightedRoundRobin);

        set.Slots.ShouldBeEmpty();
        set.Sparse.ShouldBeEmpty();
    }

    [Fact]
    public void Assign_NewController_GoesOnFromWhatAgentsHad()
    {
        Assign(1, 1, 1, 1, 1, 1);
        var last = Assign(Backends(1, 1, 1, 1, 1, 1)[2..]);
        _assigner = new SlotAssigner(PublishedTables.None.Slots.Add(last.Id, new SetSlots(last.Slots, last.Sparse)));

        Assign(Backends(1, 1, 1, 1, 1, 1)[2..]).Sparse[0].ShouldBeSameAs(last.Sparse[0]);
    }

    [Fact]
    public void Assign_BecomesDirect_HasAFullTable()
    {
        Assign(1, 1);

        var set = Assign(Backends(1, 1), ForwardingMode.Direct);

        set.Sparse.ShouldBeEmpty();
        set.Slots.ShouldHaveSingleItem().Members.Length.ShouldBe(2);
    }

    private BackendSet Assign(params int[] weights) => Assign(Backends(weights));

    private BackendSet Assign(
        ImmutableArray<Backend> backends, ForwardingMode mode = ForwardingMode.Nat, BalancingAlgorithm algorithm = BalancingAlgorithm.Maglev)
    {
        var set = new BackendSet
        {
            Id = "default/web:8080", Pool = new NamespacedName("default", "web"), Algorithm = algorithm, Backends = backends,
        };
        var snapshot = new ClusterSnapshot
        {
            Revision = ++_generation,
            BackendSets = [set],
            VirtualIps =
            [
                new VirtualIpIntent
                {
                    Key = new NamespacedName("default", "web"),
                    Forwarding = mode,
                    Ports = [new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = set.Id }],
                },
            ],
        };
        return _assigner.Assign(snapshot, new EndpointStates([], AgentsView.Empty), _generation).BackendSets[0];
    }

    /// <summary>The same instances for the same weights, as an unchanged pool has them.</summary>
    private ImmutableArray<Backend> Backends(params int[] weights)
    {
        var key = string.Join(',', weights);
        return _backends.TryGetValue(key, out var known) ? known : _backends[key] =
        [
            .. weights.Select((weight, i) => new Backend
            {
                Address = new IPAddress([10, 71, (byte)i, 2]),
                Port = 8080,
                NodeName = $"node-{i}",
                Weight = weight,
                Condition = BackendCondition.Ready,
            }),
        ];
    }
}
