using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>The kernel sends each flow where docs/slots.md says, by every algorithm.</summary>
[Collection(nameof(ForwardingLab))]
public sealed class KernelSpreadTests(ForwardingLab lab) : IAsyncLifetime
{
    private const int Flows = 2000;

    private readonly NftablesDataPlane _engine = new(
        new DataPlaneOptions { Namespace = lab.Node }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);

    public static TheoryData<BalancingAlgorithm, AddressFamily, bool> Algorithms => SpreadTests.Cases(Enum.GetValues<BalancingAlgorithm>());

    public async ValueTask InitializeAsync()
    {
        lab.Node.Run(() =>
        {
            NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable);
            using var conntrack = new ConntrackTable();
            conntrack.Delete(_ => true);
        });
        await _engine.ProbeAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Apply_ManyFlows_GoWhereTheSpecificationSays(BalancingAlgorithm algorithm, AddressFamily family, bool weighted)
    {
        var endpoints = TestFlows.Endpoints(family, weighted);
        var service = WrittenTable.Service(algorithm, family, endpoints);
        await _engine.SetHolderAsync(service.Address, held: true, CancellationToken.None);
        (await _engine.ApplyAsync(new DataPlaneState { Services = [service] }, CancellationToken.None)).Failed.ShouldBeEmpty();

        var tracked = await TestFlows.SendAsync(
            lab.Client, [lab.Node], new IPEndPoint(service.Address, service.Port), TestFlows.Sources(family, Flows));

        var table = WrittenTable.Of(service);
        if (table.TakesTurns)
        {
            var seen = tracked.Values.CountBy(flow => Name(flow.Endpoint)).ToDictionary();
            foreach (var (endpoint, turns) in table.Slots.CountBy(slot => slot!))
            {
                var rounds = Flows / table.Slots.Length;
                seen[endpoint].ShouldBeInRange(turns * rounds, turns * (rounds + 1));
            }
        }
        else
        {
            tracked.ShouldAllBe(flow => Name(flow.Value.Endpoint) == table.EndpointOf(flow.Key));
        }
    }

    /// <summary>First by a verdict of the node, then by the table that the controller publishes.</summary>
    [Theory]
    [InlineData(AddressFamily.InterNetwork, false)]
    [InlineData(AddressFamily.InterNetwork, true)]
    [InlineData(AddressFamily.InterNetworkV6, false)]
    [InlineData(AddressFamily.InterNetworkV6, true)]
    public async Task Apply_OneEndpointLess_FlowsOfTheOthersStay(AddressFamily family, bool weighted)
    {
        var endpoints = TestFlows.Endpoints(family, weighted);
        var gone = endpoints[3];
        var all = Published(WrittenTable.Service(BalancingAlgorithm.Maglev, family, endpoints));
        var unfit = all with { Backends = endpoints.Remove(gone) };
        WrittenTable.Of(Published(unfit)).Slots.ShouldBe(WrittenTable.Of(unfit).Slots);
        await _engine.SetHolderAsync(all.Address, held: true, CancellationToken.None);

        var before = await FlowsAsync(all);
        var after = await FlowsAsync(unfit);

        before.Count(flow => flow.Value.Port == gone.Port).ShouldBePositive();
        after.ShouldAllBe(flow => before[flow.Key].Port == gone.Port ? flow.Value.Port != gone.Port : flow.Value.Equals(before[flow.Key]));
    }

    private async Task<Dictionary<IPEndPoint, IPEndPoint>> FlowsAsync(ForwardedService service)
    {
        (await _engine.ApplyAsync(new DataPlaneState { Services = [service] }, CancellationToken.None)).Failed.ShouldBeEmpty();
        lab.Node.Run(() =>
        {
            using var conntrack = new ConntrackTable();
            conntrack.Delete(_ => true);
        });
        var tracked = await TestFlows.SendAsync(
            lab.Client, [lab.Node], new IPEndPoint(service.Address, service.Port), TestFlows.Sources(service.Address.AddressFamily, Flows));
        return tracked.ToDictionary(flow => flow.Key, flow => flow.Value.Endpoint);
    }

    /// <summary>With the table that follows from the one it has.</summary>
    private static ForwardedService Published(ForwardedService service)
    {
        var (family, backends) = (service.Address.AddressFamily, TestFlows.Backends(service.Backends));
        return SparsePlaces.Advance(service.Sparse, family, backends) is { } sparse
            ? service with { Sparse = sparse }
            : service with { Slots = SlotGenerations.Advance(service.Slots, family, backends, _ => true, generation: 1) };
    }

    private static string Name(IPEndPoint endpoint) => $"{endpoint.Address} . {endpoint.Port}";
}
