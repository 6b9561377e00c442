using System.Net;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Health;

public sealed class PoolPolicyTests
{
    [Theory]
    [InlineData(0, 2, 4, 1, PoolMode.Normal)]
    [InlineData(0, 0, 4, 1, PoolMode.Backups)]
    [InlineData(0, 0, 4, 0, PoolMode.Normal)]
    [InlineData(50, 2, 4, 1, PoolMode.Normal)]
    [InlineData(50, 1, 4, 1, PoolMode.Backups)]
    [InlineData(50, 1, 4, 0, PoolMode.FailOpen)]
    [InlineData(50, 0, 4, 1, PoolMode.FailOpen)]
    [InlineData(100, 4, 4, 0, PoolMode.Normal)]
    [InlineData(100, 3, 4, 0, PoolMode.FailOpen)]
    public void ModeOf_Share_DecidesWhoGetsFlows(int minimum, int healthy, int all, int backups, PoolMode mode)
    {
        PoolPolicy.ModeOf(minimum, healthy, all, backups).ShouldBe(mode);
    }

    [Fact]
    public void Apply_NoPolicy_LeavesTheVerdicts()
    {
        Func<string, IPEndPoint, bool?> verdicts = (_, _) => null;

        PoolPolicy.Apply(Snapshot(new BackendSet { Id = "s", Pool = default }), verdicts).ShouldBeSameAs(verdicts);
    }

    [Fact]
    public void Apply_AllUnhealthyBelowTheShare_AllButNotReadyOnesAreFit()
    {
        var ready = Backend(1);
        var set = new BackendSet
        {
            Id = "s", Pool = default, MinHealthyPercent = 30, Backends = [ready, Backend(2), Backend(3) with { Condition = BackendCondition.NotReady }],
        };

        var fit = PoolPolicy.Apply(Snapshot(set), (_, _) => false);

        fit("s", ready.EndPoint).ShouldBe(true);
        fit("s", Backend(2).EndPoint).ShouldBe(true);
        fit("s", Backend(3).EndPoint).ShouldBe(false);
    }

    [Fact]
    public void Apply_Backup_IsFitOnlyWhenTheOthersAreDown()
    {
        var set = new BackendSet { Id = "s", Pool = default, Backends = [Backend(1), Backend(2) with { Backup = true }] };

        PoolPolicy.Apply(Snapshot(set), (_, _) => null)("s", Backend(2).EndPoint).ShouldBe(false);
        PoolPolicy.Apply(Snapshot(set), (_, endPoint) => endPoint.Port == 2 ? true : false)("s", Backend(2).EndPoint).ShouldBe(true);
    }

    private static Backend Backend(ushort port) =>
        new() { Address = IPAddress.Loopback, Port = port, Condition = BackendCondition.Ready };

    private static ClusterSnapshot Snapshot(BackendSet set) => new() { Revision = 1, BackendSets = [set] };
}
