using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Mooring.Agent.DataPlane;
using Mooring.Agent.DataPlane.Tables;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>
/// The kernel refuses a part of what we have there for a while, as that belongs to another program: the rest works meanwhile, nothing is
/// half done, and all is whole when that has ended.
/// </summary>
[Collection(nameof(ForwardingLab))]
public sealed class RefusalTests(ForwardingLab lab) : IAsyncLifetime
{
    private const int Soon = 700; // ms: nothing answers a packet that is dropped
    private static readonly IPAddress Vip = IPAddress.Parse(ForwardingLab.Vip);
    private static readonly ForwardedBackend Pod1 = new(IPAddress.Parse("10.71.1.2"), 8080, 1, Local: true);
    private static readonly ForwardedBackend Pod2 = new(IPAddress.Parse("10.71.1.3"), 8080, 1, Local: true);

    private readonly ListLogger<NftablesDataPlane> _log = new();
    private NftablesDataPlane _engine = null!;

    public async ValueTask InitializeAsync()
    {
        lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
        _engine = NewEngine();
        await _engine.SetHolderAsync(Vip, held: true, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
    }

    [Fact]
    public async Task Apply_SourceRangesRefused_ServiceWithThemIsNotOpenedAndOthersGoOn()
    {
        (await ApplyAsync(Service(80, Pod1))).Failed.ShouldBeEmpty();
        using var established = await ConnectAsync();
        using (new OwnedTable(lab.Node, "inet mooring-sources"))
        {
            for (var attempt = 0; attempt < 2; attempt++)
            {
                var result = await ApplyAsync(Service(80, Pod2), Restricted(81, "10.70.0.0/24", Pod1), Service(82, Pod2));

                var (service, error) = result.Failed.ShouldHaveSingleItem();
                service.Port.ShouldBe((ushort)81);
                error.ShouldContain("Operation not permitted");
                lab.Connect(80).ShouldStartWith("pod2", customMessage: "its change is applied");
                lab.Connect(82).ShouldStartWith("pod2");
                lab.Connect(81).ShouldBe("refused");
            }

            await EchoAsync(established);
        }

        (await ApplyAsync(Service(80, Pod2), Restricted(81, "10.70.0.0/24", Pod1), Service(82, Pod2))).Failed.ShouldBeEmpty();
        lab.Connect(81).ShouldStartWith("pod1");
        (await ApplyAsync(Service(80, Pod2), Restricted(81, "192.0.2.0/24", Pod1), Service(82, Pod2))).Failed.ShouldBeEmpty();
        lab.Connect(81, timeoutMillis: Soon).ShouldBe("timeout");
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
    }

    /// <summary>Ranges that are gone and cannot be put back let nobody in; those of a change that is refused stay in force.</summary>
    [Fact]
    public async Task Verify_SourceRangesTakenAwayAndRefused_ServiceIsClosedUntilTheyAreBack()
    {
        ForwardedService[] services = [Service(80, Pod1), Restricted(81, "192.0.2.0/24", Pod1)];
        (await ApplyAsync(services)).Failed.ShouldBeEmpty();
        lab.OnNode("nft", "delete table inet mooring-sources");
        using (new OwnedTable(lab.Node, "inet mooring-sources"))
        {
            var result = await _engine.VerifyAsync(CancellationToken.None);

            result.Drift.ShouldHaveSingleItem().ShouldStartWith("table inet mooring-sources was changed by");
            result.Repair!.Failed.ShouldHaveSingleItem().Service.Port.ShouldBe((ushort)81);
            lab.Connect(81).ShouldBe("refused");
            lab.Connect(80).ShouldStartWith("pod1");
        }

        (await ApplyAsync(services)).Failed.ShouldBeEmpty();
        lab.Connect(81, timeoutMillis: Soon).ShouldBe("timeout");
        lab.Connect(80).ShouldStartWith("pod1");
    }

    [Fact]
    public async Task Verify_TableTakenByAnother_IsReportedAndWholeWhenItIsFree()
    {
        (await ApplyAsync(Service(80, Pod1))).Failed.ShouldBeEmpty();
        lab.OnNode("nft", "add table ip bystander");
        lab.OnNode("nft", "delete table inet mooring");
        using (new OwnedTable(lab.Node, "inet mooring"))
        {
            for (var attempt = 0; attempt < 2; attempt++)
            {
                (await Should.ThrowAsync<NftablesException>(() => _engine.VerifyAsync(CancellationToken.None))).Message
                    .ShouldContain("Operation not permitted");
                (await Should.ThrowAsync<NftablesException>(() => ApplyAsync(Service(80, Pod1), Service(81, Pod2)))).Message
                    .ShouldContain("Operation not permitted");
            }
        }

        (await ApplyAsync(Service(80, Pod1), Service(81, Pod2))).Changed.ShouldBe(2);
        lab.Connect(80).ShouldStartWith("pod1");
        lab.Connect(81).ShouldStartWith("pod2");
        lab.Connect(82).ShouldBe("refused", "it still holds the address");
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
        lab.OnNode("nft", "list tables").ShouldContain("table ip bystander");
        lab.OnNode("nft", "delete table ip bystander");
    }

    /// <summary>The kernel's own refusal of one element in the middle of a transaction: the map is full (ENFILE).</summary>
    [Fact]
    public async Task Apply_MapIsFull_WhatFitsIsServedAndNothingIsThereOfTheRest()
    {
        lab.OnNode("nft", "flush ruleset");
        await _engine.DisposeAsync();
        lab.Node.Run(() =>
        {
            using var nftables = new NftablesContext();
            nftables.Run(TableSchema.Create("mooring").Replace(
                "map endpoints-tcp {", "map endpoints-tcp { size 5;", StringComparison.Ordinal));
        });
        _engine = NewEngine();
        await _engine.SetHolderAsync(Vip, held: true, CancellationToken.None);

        // One slot each with a single backend, eleven with ten.
        var many = Enumerable.Range(1, 10).Select(i => Pod1 with { Port = (ushort)(8000 + i) }).ToArray();
        var result = await ApplyAsync(Service(80, Pod1), Service(81, many), Service(82, Pod2));

        var (service, error) = result.Failed.ShouldHaveSingleItem();
        (service.Port, error).ShouldBe(((ushort)81, "add elements to endpoints-tcp: Too many open files in system"));
        lab.Connect(80).ShouldStartWith("pod1");
        lab.Connect(82).ShouldStartWith("pod2");
        lab.Connect(81).ShouldBe("refused");
        lab.OnNode("nft", "list table inet mooring").ShouldNotContain(". 81");
        _log.Lines.ShouldBeEmpty("the table was adopted, and what was refused is told by whoever asked");
    }

    [Theory]
    [InlineData("flush chain inet mooring prerouting")]
    [InlineData("add table inet mooring { flags dormant; }")]
    public async Task Verify_RulesOutOfUse_AreBack(string command)
    {
        (await ApplyAsync(Service(80, Pod1))).Failed.ShouldBeEmpty();
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
        lab.OnNode("nft", command);

        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldHaveSingleItem().ShouldBe("rules of table inet mooring were changed by nft");

        lab.Connect(80).ShouldStartWith("pod1");
    }

    [Theory]
    [InlineData("flush chain inet mooring prerouting")]
    [InlineData("add table inet mooring { flags dormant; }")]
    public async Task Open_RulesOutOfUseSinceTheAgentWasAway_AreMadeAnew(string command)
    {
        (await ApplyAsync(Service(80, Pod1))).Failed.ShouldBeEmpty();
        await _engine.DisposeAsync();
        lab.OnNode("nft", command);
        _engine = NewEngine();

        (await ApplyAsync(Service(80, Pod1))).Failed.ShouldBeEmpty();

        lab.Connect(80).ShouldStartWith("pod1");
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = lab.OpenTcp();
        await socket.ConnectAsync(Vip, 80);
        await socket.ReceiveAsync(new byte[200]);
        return socket;
    }

    private static async Task EchoAsync(Socket established)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var buffer = new byte[200];
        await established.SendAsync("still there"u8.ToArray(), limit.Token);
        Encoding.ASCII.GetString(buffer, 0, await established.ReceiveAsync(buffer, limit.Token)).ShouldBe("still there");
    }

    private NftablesDataPlane NewEngine() => new(new DataPlaneOptions { Namespace = lab.Node }, TimeProvider.System, _log);

    private Task<ApplyResult> ApplyAsync(params ForwardedService[] services) =>
        _engine.ApplyAsync(new DataPlaneState { NodeName = "node", Services = [.. services] }, CancellationToken.None);

    private static ForwardedService Restricted(ushort port, string range, params ForwardedBackend[] backends) =>
        Service(port, backends) with { SourceRanges = ImmutableArray.Create(IPNetwork.Parse(range)) };

    private static ForwardedService Service(ushort port, params ForwardedBackend[] backends) => new()
    {
        VirtualIp = new NamespacedName("default", "web"),
        Address = Vip,
        Protocol = TransportProtocol.Tcp,
        Port = port,
        // Established flows go on.
        Backends = [.. backends],
        Draining = backends.Contains(Pod1) ? [] : [Pod1],
    };
}
