using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>
/// How ten endpoints share 10,000 flows by each algorithm, against what docs/data-plane.md promises. The draws are the same every
/// time; <see cref="KernelSpreadTests"/> shows that the kernel sends every flow where it is sent here.
/// </summary>
public sealed class SpreadTests
{
    private const int Flows = 10_000;

    /// <summary>The 99.9 % point of chi-square with nine degrees of freedom.</summary>
    private const double Bound = 27.9;

    public static TheoryData<BalancingAlgorithm, AddressFamily, bool> Cases(params BalancingAlgorithm[] algorithms)
    {
        var cases = new TheoryData<BalancingAlgorithm, AddressFamily, bool>();
        foreach (var algorithm in algorithms)
        {
            foreach (var family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            {
                cases.Add(algorithm, family, false);
                cases.Add(algorithm, family, true);
            }
        }

        return cases;
    }

    public static TheoryData<BalancingAlgorithm, AddressFamily, bool> Hashing => Cases(
        BalancingAlgorithm.Maglev, BalancingAlgorithm.SourceIpHash, BalancingAlgorithm.LeastConnections, BalancingAlgorithm.LeastResponseTime);

    public static TheoryData<BalancingAlgorithm, AddressFamily, bool> TakingTurns => Cases(
        BalancingAlgorithm.RoundRobin, BalancingAlgorithm.WeightedRoundRobin);

    [Theory]
    [MemberData(nameof(Hashing))]
    public void Spread_Hashing_IsByWeight(BalancingAlgorithm algorithm, AddressFamily family, bool weighted)
    {
        var endpoints = TestFlows.Endpoints(family, weighted);
        var table = WrittenTable.Of(WrittenTable.Service(algorithm, family, endpoints));
        var shares = table.Shares();
        foreach (var endpoint in endpoints)
        {
            var share = shares[Name(endpoint)];
            Math.Abs(share - ShareOf(endpoint, endpoints)).ShouldBeLessThan(1.0 / 256, "within a slot of its weight");
        }

        var seen = TestFlows.Sources(family, Flows).CountBy(table.EndpointOf);

        ChiSquare(seen, shares).ShouldBeLessThan(Bound);
    }

    [Theory]
    [MemberData(nameof(TakingTurns))]
    public void Spread_TakingTurns_IsExact(BalancingAlgorithm algorithm, AddressFamily family, bool weighted)
    {
        var endpoints = TestFlows.Endpoints(family, weighted);
        var table = WrittenTable.Of(WrittenTable.Service(algorithm, family, endpoints));
        table.TakesTurns.ShouldBeTrue();
        var byWeight = weighted && algorithm == BalancingAlgorithm.WeightedRoundRobin;
        table.Slots.Length.ShouldBe(byWeight ? endpoints.Sum(endpoint => endpoint.Weight) : endpoints.Length, "one round");

        var seen = Enumerable.Range(0, Flows).CountBy(flow => table.Slots[flow % table.Slots.Length]!).ToDictionary();

        foreach (var endpoint in endpoints)
        {
            var expected = Flows * (byWeight ? ShareOf(endpoint, endpoints) : 1.0 / endpoints.Length);
            Math.Abs(seen[Name(endpoint)] - expected).ShouldBeLessThanOrEqualTo(endpoint.Weight, "the last round may be cut short");
        }
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork, false)]
    [InlineData(AddressFamily.InterNetwork, true)]
    [InlineData(AddressFamily.InterNetworkV6, false)]
    [InlineData(AddressFamily.InterNetworkV6, true)]
    public void Spread_Direct_IsByWeight(AddressFamily family, bool weighted)
    {
        var endpoints = TestFlows.Endpoints(family, weighted);
        var slots = Published(family, endpoints);
        var shares = slots.Owners.CountBy(owner => slots.Members[owner].EndPoint.ToString())
            .ToDictionary(pair => pair.Key, pair => pair.Value / (double)slots.Size);

        var seen = TestFlows.Sources(family, Flows).CountBy(client => slots.OwnerOf(Slot(client, slots)).EndPoint.ToString());

        ChiSquare(seen, shares).ShouldBeLessThan(Bound);
    }

    /// <summary>Each endpoint of ten sets. <c>MovementTests</c> has other numbers of endpoints, and Nat mode.</summary>
    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Spread_DirectOneEndpointLess_NoFlowOfTheOthersMoves(AddressFamily family)
    {
        var flows = TestFlows.Sources(family, Flows / 10);
        for (var set = 0; set < 10; set++)
        {
            var all = TestFlows.Endpoints(family, weighted: false)
                .Select(endpoint => endpoint with { Port = (ushort)(endpoint.Port + (100 * set)) }).ToImmutableArray();
            var before = Published(family, all);
            foreach (var gone in all)
            {
                var after = Published(family, all.Remove(gone), before);

                flows.ShouldAllBe(flow => before.OwnerOf(Slot(flow, before)).EndPoint.Port == gone.Port
                    || before.OwnerOf(Slot(flow, before)) == after.OwnerOf(Slot(flow, after)));
            }
        }
    }

    private static SlotAssignment Published(
        AddressFamily family, ImmutableArray<ForwardedBackend> endpoints, SlotAssignment? before = null) =>
        SlotGenerations.Advance(before, family, TestFlows.Backends(endpoints), _ => true, (before?.Generation ?? 0) + 1)!;

    private static int Slot(IPEndPoint client, SlotAssignment slots) => SlotHash.OfFlow(client.Address, (ushort)client.Port, slots.Size);

    private static double ShareOf(ForwardedBackend endpoint, ImmutableArray<ForwardedBackend> all) =>
        endpoint.Weight / (double)all.Sum(one => one.Weight);

    private static string Name(ForwardedBackend endpoint) => $"{endpoint.Address} . {endpoint.Port}";

    private static double ChiSquare(IEnumerable<KeyValuePair<string, int>> seen, Dictionary<string, double> shares)
    {
        var counts = seen.ToDictionary();
        return shares.Sum(share => Math.Pow(counts.GetValueOrDefault(share.Key) - (Flows * share.Value), 2) / (Flows * share.Value));
    }
}
