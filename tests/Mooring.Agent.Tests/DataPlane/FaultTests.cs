using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>What the kernel refuses, and what it does not tell.</summary>
[Collection(nameof(ForwardingLab))]
public sealed class FaultTests(ForwardingLab lab) : IAsyncLifetime
{
    private static readonly IPAddress Vip = IPAddress.Parse(ForwardingLab.Vip);
    private static readonly ForwardedBackend Pod1 = new(IPAddress.Parse("10.71.1.2"), 8080, 1, Local: true);
    private static readonly ForwardedBackend Pod2 = new(IPAddress.Parse("10.71.1.3"), 8080, 1, Local: true);

    /// <summary>No address of the family of the service: its element has the wrong length.</summary>
    private static readonly ForwardedBackend Impossible = new(IPAddress.Parse("fd00:71:1::2"), 8080, 1, Local: true);

    private readonly NftablesDataPlane _engine = new(
        new DataPlaneOptions { Namespace = lab.Node }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);

    public async ValueTask InitializeAsync()
    {
        lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
        await _engine.ProbeAsync(CancellationToken.None);
        await _engine.SetHolderAsync(Vip, held: true, CancellationToken.None);
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    [Fact]
    public async Task Apply_KernelRefusesOneOfABatch_OthersAreAppliedAndItIsNotHalfThere()
    {
        var result = await ApplyAsync(Service(80, Pod1), Service(81, Pod1, Impossible, Pod2), Service(82, Pod2));

        result.Failed.ShouldHaveSingleItem().Service.Port.ShouldBe((ushort)81);
        lab.Connect(80).ShouldStartWith("pod1");
        lab.Connect(82).ShouldStartWith("pod2");
        lab.Connect(81).ShouldBe("refused");
        lab.OnNode("nft", "list table inet mooring").ShouldNotContain(". 81", customMessage: "no element of the refused service");

        // What was refused is tried again, and only that.
        var repaired = await ApplyAsync(Service(80, Pod1), Service(81, Pod2), Service(82, Pod2));
        (repaired.Changed, repaired.Failed.Length).ShouldBe((1, 0));
        lab.Connect(81).ShouldStartWith("pod2");
    }

    [Fact]
    public async Task Apply_KernelRefusesAChange_TheServiceStaysAsItWas()
    {
        await ApplyAsync(Service(80, Pod1), Service(81, Pod1));

        (await ApplyAsync(Service(80, Pod2), Service(81, Pod2, Impossible))).Failed.ShouldHaveSingleItem();

        lab.Connect(80).ShouldStartWith("pod2");
        Enumerable.Range(0, 10).Select(_ => lab.Connect(81)).ShouldAllBe(answer => answer.StartsWith("pod1", StringComparison.Ordinal));
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
    }

    /// <summary>So much changed elsewhere that the kernel could not tell all of it, a change of ours among it.</summary>
    [Fact]
    public async Task Verify_NotificationsLost_WhatWasChangedIsRepaired()
    {
        await ApplyAsync(Service(80, Pod1));
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(
                file,
                "add table ip bystander\nadd set ip bystander s { type ipv4_addr ; }\nadd element ip bystander s { "
                + string.Join(", ", Enumerable.Range(0, 300_000).Select(i => $"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}")) + " }\n");
            lab.OnNode("nft", $"-f {file}");
            lab.OnNode("nft", "flush map inet mooring services");
        }
        finally
        {
            File.Delete(file);
        }

        var drift = (await _engine.VerifyAsync(CancellationToken.None)).Drift;
        drift.ShouldNotBeEmpty();
        drift.ShouldAllBe(one => one.EndsWith("by another program", StringComparison.Ordinal), "the notification was lost");

        lab.Connect(80).ShouldStartWith("pod1");
        lab.OnNode("nft", "delete table ip bystander");
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
    }

    private Task<ApplyResult> ApplyAsync(params ForwardedService[] services) =>
        _engine.ApplyAsync(new DataPlaneState { NodeName = "node", Services = [.. services] }, CancellationToken.None);

    private static ForwardedService Service(ushort port, params ForwardedBackend[] backends) => new()
    {
        VirtualIp = new NamespacedName("default", "web"),
        Address = Vip,
        Protocol = TransportProtocol.Tcp,
        Port = port,
        Backends = [.. backends],
    };
}
