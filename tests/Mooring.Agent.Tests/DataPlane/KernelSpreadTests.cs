using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
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

    private static string Name(IPEndPoint endpoint) => $"{endpoint.Address} . {endpoint.Port}";
}
