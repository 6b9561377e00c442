using Mooring.Agent.DataPlane;
using Mooring.Agent.Tests.Speaker;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Tables beside the main one belong to another program for a while.</summary>
public sealed partial class DirectForwardingTests
{
    [Fact]
    public async Task Verify_SecondChancesTakenByAnother_ServiceStaysAsItIsAndIsWholeAfterwards()
    {
        await PoolAsync(1, 2);
        await HoldAsync(1);
        var connections = await OpenAsync(10, DirectLab.Vip);
        _lab.Run("n1", "nft", "delete table ip mooring").ShouldBeEmpty();
        using (new OwnedTable(_lab.Node(1), "ip mooring"))
        {
            var result = await Engine(1).VerifyAsync(CancellationToken.None);

            result.Drift.ShouldContain(one => one.StartsWith("tables for second chances were changed by ", StringComparison.Ordinal));
            result.Repair!.Failed.ShouldAllBe(failed => failed.Error.Contains("Operation not permitted", StringComparison.Ordinal));
            result.Repair.Failed.Select(failed => failed.Service.Port).Distinct().ShouldBe([(ushort)80, (ushort)53], ignoreOrder: true);
            await ShouldLiveAsync(connections, "nothing else was touched");
            connections.AddRange(await OpenAsync(10, DirectLab.Vip));
        }

        (await Engine(1).ApplyAsync(Plan(1), CancellationToken.None)).Failed.ShouldBeEmpty();
        (await Engine(1).VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
        await PoolAsync(1, 2, 3, 4);
        await HoldAsync(2);
        await ShouldLiveAsync(connections, "with second chances");
    }

    [Fact]
    public async Task Apply_IngressRefused_PacketsGoTheLongWayAndItIsTriedAgain()
    {
        var time = new ManualTimeProvider();
        var log = new ListLogger<NftablesDataPlane>();
        await Engine(1).DisposeAsync();
        _engines[0] = new NftablesDataPlane(new DataPlaneOptions { Namespace = _lab.Node(1) }, time, log);
        using (new OwnedTable(_lab.Node(1), "netdev mooring"))
        {
            await PoolAsync(2, 3);
            await HoldAsync(1);
            await ShouldLiveAsync(await OpenAsync(10, DirectLab.Vip), "the long way");
            time.Advance(TimeSpan.FromMinutes(2));
            (await Engine(1).VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
            log.Lines.ShouldHaveSingleItem().ShouldContain("Operation not permitted", customMessage: "said once");
        }

        time.Advance(TimeSpan.FromMinutes(2));
        await Engine(1).VerifyAsync(CancellationToken.None);

        _lab.Run("n1", "nft", "list table netdev mooring").ShouldContain("fwd ip to");
        await ShouldLiveAsync(await OpenAsync(10, DirectLab.Vip), "the short way");
    }
}
