using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Clients that a service is not for, by the kernel. The client is 10.70.0.200 and fd00:70::200.</summary>
[Collection(nameof(ForwardingLab))]
public sealed class SourceRangeTableTests(ForwardingLab lab) : IAsyncLifetime
{
    private const int Soon = 700; // ms: nothing answers a packet that is dropped

    private NftablesDataPlane _engine = New(lab);

    public async ValueTask InitializeAsync()
    {
        lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
        await _engine.ProbeAsync(CancellationToken.None);
        foreach (var vip in (string[])[ForwardingLab.Vip, ForwardingLab.VipV6])
        {
            await _engine.SetHolderAsync(IPAddress.Parse(vip), held: true, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
    }

    [Theory]
    [InlineData(ForwardingLab.Vip, "10.71.1.2", "10.70.0.0/24", "192.0.2.0/24 10.70.0.128/32")]
    [InlineData(ForwardingLab.VipV6, "fd00:71:1::2", "fd00:70::/64", "2001:db8::/32 fd00:70::100/120")]
    public async Task Apply_SourceRanges_ServeOnlyClientsWithin(string vip, string pod, string around, string beside)
    {
        await ApplyAsync(vip, pod, around);
        lab.Connect(to: vip).ShouldStartWith("pod1");

        await ApplyAsync(vip, pod, beside);
        lab.Connect(to: vip, timeoutMillis: Soon).ShouldBe("timeout");
        lab.Connect(port: 81, to: vip).ShouldStartWith("pod1", customMessage: "another service has no ranges");

        await ApplyAsync(vip, pod, $"{beside} {around}");
        lab.Connect(to: vip).ShouldStartWith("pod1");

        await ApplyAsync(vip, pod, "");
        lab.OnNode("nft", "list tables").ShouldNotContain("mooring-sources");
    }

    [Fact]
    public async Task Apply_NoRangeOfTheFamily_ServesNobody()
    {
        await ApplyAsync(ForwardingLab.Vip, "10.71.1.2", "2001:db8::/32");

        lab.Connect(timeoutMillis: Soon).ShouldBe("timeout");
    }

    [Theory]
    [InlineData("flush set inet mooring-sources restricted")]
    [InlineData("flush chain inet mooring-sources prerouting")]
    [InlineData("delete table inet mooring-sources")]
    public async Task Verify_TableChangedByAnother_IsRepaired(string command)
    {
        await ApplyAsync(ForwardingLab.Vip, "10.71.1.2", "192.0.2.0/24");
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
        lab.OnNode("nft", command);
        lab.Connect().ShouldStartWith("pod1");

        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldContain("table inet mooring-sources was changed by nft");

        lab.Connect(timeoutMillis: Soon).ShouldBe("timeout");
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
    }

    [Fact]
    public async Task Apply_RemovedWhileTheAgentWasAway_IsPruned()
    {
        await ApplyAsync(ForwardingLab.Vip, "10.71.1.2", "192.0.2.0/24");
        await _engine.DisposeAsync();
        _engine = New(lab);
        await _engine.SetHolderAsync(IPAddress.Parse(ForwardingLab.Vip), held: true, CancellationToken.None);

        await ApplyAsync(ForwardingLab.Vip, "10.71.1.2", "");

        lab.Connect().ShouldStartWith("pod1");
    }

    private static NftablesDataPlane New(ForwardingLab lab) =>
        new(new DataPlaneOptions { Namespace = lab.Node }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);

    /// <summary>Port 80 with the ranges, port 81 without.</summary>
    private async Task ApplyAsync(string vip, string pod, string ranges)
    {
        var address = IPAddress.Parse(vip);
        var open = new ForwardedService
        {
            VirtualIp = new NamespacedName("default", "web"),
            Address = address,
            Protocol = TransportProtocol.Tcp,
            Port = 81,
            Backends = [new ForwardedBackend(IPAddress.Parse(pod), 8080, 1, Local: true)],
        };
        var some = ranges.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text =>
        {
            SourceRange.TryParse(text, out var range).ShouldBeTrue();
            return range;
        });
        var result = await _engine.ApplyAsync(
            new DataPlaneState
            {
                NodeName = "node",
                Services = [open with { Port = 80, SourceRanges = SourceRange.Of([.. some], address.AddressFamily) }, open],
            },
            CancellationToken.None);
        result.Failed.ShouldBeEmpty();
    }
}
