using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;

namespace Mooring.Protocol.Tests.Snapshots;

/// <summary>What an agent tells a new controller of the slots it works by.</summary>
public sealed class SlotReportsTests
{
    [Fact]
    public void ToProto_SparseTableThatDependsOnItsPast_ComesBackWhole()
    {
        var all = Backends(12);
        var sparse = SparsePlaces.Advance(SparsePlaces.Advance(null, AddressFamily.InterNetwork, all), AddressFamily.InterNetwork, all[3..])!;

        var read = SlotReports.ToCore(SlotReports.ToProto(Snapshot(all[3..], sparse)))["default/web:80"].Sparse.ShouldHaveSingleItem();

        (read.Family, read.Size).ShouldBe((sparse.Family, sparse.Size));
        read.EndPoints.ShouldBe(sparse.EndPoints);
        read.Places.ShouldBe(sparse.Places);
        SparsePlaces.Advance(read, AddressFamily.InterNetwork, all[3..]).ShouldBeSameAs(read, "so the new controller moves nothing");
    }

    [Fact]
    public void ToProto_SparseTableOfItsEndpointsAlone_IsLeftOut() =>
        SlotReports.ToProto(Snapshot(Backends(12), SparsePlaces.Advance(null, AddressFamily.InterNetwork, Backends(12))!)).ShouldBeEmpty();

    private static ClusterSnapshot Snapshot(ImmutableArray<Backend> backends, SparseAssignment sparse) => new()
    {
        Revision = 7,
        BackendSets =
        [
            new BackendSet { Id = "default/web:80", Pool = new NamespacedName("default", "web"), Backends = backends, Sparse = [sparse] },
        ],
    };

    private static ImmutableArray<Backend> Backends(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => new Backend
        {
            Address = new IPAddress([10, 71, (byte)i, 2]), Port = 8080, NodeName = $"node-{i}", Condition = BackendCondition.Ready,
        }),
    ];
}
