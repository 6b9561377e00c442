using Mooring.Controller.Snapshots;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Snapshots;

public sealed class SourceRangeReadingTests
{
    [Fact]
    public void Build_SourceRanges_ArePublished()
    {
        var vip = Vip();
        vip.Spec.SourceRanges = ["192.0.2.9/24", "2001:db8::/32"];

        SnapshotBuilder.Build(ThreeNodes([vip])).Snapshot.VirtualIps.Single().SourceRanges
            .Select(range => range.ToString()).ShouldBe(["192.0.2.0/24", "2001:db8::/32"]);
    }

    [Fact]
    public void Build_ARangeThatIsNone_IsRefusedRatherThanServedToAll()
    {
        var vip = Vip();
        vip.Spec.SourceRanges = ["192.0.2.0/24", "192.0.2.0/240"];

        var result = SnapshotBuilder.Build(ThreeNodes([vip]));

        result.Snapshot.VirtualIps.ShouldBeEmpty();
        result.VirtualIps[0].Findings.Single().ToString().ShouldStartWith("spec.sourceRanges[1]: '192.0.2.0/240' is no CIDR");
    }
}
