using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Agent.DataPlane.Flows;
using Mooring.Agent.Tests.Speaker;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>What the kernel's connection tracking knows of flows through the data plane.</summary>
[Collection(nameof(ForwardingLab))]
public sealed class TrackedFlowTests(ForwardingLab lab) : IAsyncLifetime
{
    private static readonly IPAddress Vip = IPAddress.Parse(ForwardingLab.Vip);
    private static readonly ForwardedBackend Pod1 = new(IPAddress.Parse("10.71.1.2"), 8080, 1, Local: true);
    private static readonly ForwardedBackend Pod2 = new(IPAddress.Parse("10.71.1.3"), 8080, 1, Local: true);

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
    public async Task Read_ConnectionOpenAndThenClosed_IsOpenWhileItIs()
    {
        await ApplyAsync(Pod1);
        var client = lab.OpenTcp();
        await client.ConnectAsync(Vip, 80);
        var local = (IPEndPoint)client.LocalEndPoint!;

        var open = Open(local).ShouldHaveSingleItem();
        open.ReplySource.ShouldBe(new IPEndPoint(Pod1.Address, Pod1.Port));
        open.Protocol.ShouldBe((byte)6);

        client.Dispose();
        await Eventually.HoldsAsync(() => Open(local).Count == 0, "the flow is not open any more");
    }

    /// <summary>No new flows at once, old ones for the time of the pool, and a client then learns that it is over.</summary>
    [Fact]
    public async Task Apply_BackendDrainsForItsTime_OldFlowsGoOnAndAreThenCut()
    {
        await ApplyAsync(Pod1);
        using var client = lab.OpenTcp();
        await client.ConnectAsync(Vip, 80);
        var buffer = new byte[200];
        await client.ReceiveAsync(buffer);

        var drains = Service(Pod2) with { Draining = [Pod1], Leaving = [Pod1], DrainTimeout = TimeSpan.FromSeconds(5) };
        (await _engine.ApplyAsync(State(drains), CancellationToken.None)).Failed.ShouldBeEmpty();
        await _engine.FlowsCut;
        lab.Connect().ShouldStartWith("pod2");
        await client.SendAsync("still there"u8.ToArray());
        (await client.ReceiveAsync(buffer)).ShouldBe("still there".Length);

        await Eventually.HoldsAsync(
            () =>
            {
                _engine.VerifyAsync(CancellationToken.None).GetAwaiter().GetResult();
                return Open((IPEndPoint)client.LocalEndPoint!).Count == 0;
            },
            "the flow is cut");
        await client.SendAsync("any more?"u8.ToArray());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        (await Should.ThrowAsync<SocketException>(async () => await client.ReceiveAsync(buffer, limit.Token)))
            .SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
    }

    [Fact]
    public async Task Apply_EndpointFailsBeforeItAnswers_SameConnectSucceedsElsewhereAndOldFlowsGoOn()
    {
        var silent = new ForwardedBackend(IPAddress.Parse(ForwardingLab.Silent), 8080, 1, Local: true);
        var buffer = new byte[200];
        await ApplyAsync(Pod1);
        using var old = lab.OpenTcp();
        await old.ConnectAsync(Vip, 80);
        await old.ReceiveAsync(buffer);
        await ApplyAsync(Service(silent) with { Draining = [Pod1] });
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var client = lab.OpenTcp();
        client.Bind(new IPEndPoint(IPAddress.Parse("10.70.0.200"), 20_000));
        var connecting = client.ConnectAsync(new IPEndPoint(Vip, 80), limit.Token);
        await Eventually.HoldsAsync(
            () => Open((IPEndPoint)client.LocalEndPoint!).Exists(flow => flow.AwaitsAnswer), "the endpoint has the SYN");

        await ApplyAsync(Service(Pod2) with { Draining = [Pod1, silent], Failed = [Pod1, silent] });

        await connecting;
        var length = await client.ReceiveAsync(buffer, limit.Token);
        Encoding.ASCII.GetString(buffer, 0, length).ShouldStartWith("pod2");
        await old.SendAsync("still there"u8.ToArray());
        (await old.ReceiveAsync(buffer, limit.Token)).ShouldBe("still there".Length);
    }

    /// <summary>As those that come while an agent of another version makes its tables anew.</summary>
    [Fact]
    public async Task Apply_HandshakeBeganWithoutRules_NextOneOfItsPortIsTranslated()
    {
        var source = new IPEndPoint(IPAddress.Parse("10.70.0.200"), 20_002);
        using (var early = lab.OpenTcp())
        {
            early.Bind(source);
            using var given = new CancellationTokenSource();
            var connecting = early.ConnectAsync(new IPEndPoint(Vip, 80), given.Token).AsTask();
            await Eventually.HoldsAsync(
                () => Open(source).Exists(flow => flow.AwaitsAnswer && flow.ReplySource.Address.Equals(Vip)), "it is tracked as it came");
            await given.CancelAsync();
            await connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        await ApplyAsync(Pod1);
        await _engine.FlowsCut;

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var client = lab.OpenTcp();
        client.Bind(source);
        await client.ConnectAsync(new IPEndPoint(Vip, 80), limit.Token);
        Open(source).ShouldHaveSingleItem().ReplySource.Address.ShouldBe(Pod1.Address);
    }

    /// <summary>It still answers, as most do that fail their check: a handshake that is under way at that moment is not lost.</summary>
    [Fact]
    public async Task Apply_EndpointFailsDuringAHandshake_IsGivenTimeToAnswer()
    {
        var time = new ManualTimeProvider();
        await using var engine = new NftablesDataPlane(
            new DataPlaneOptions { Namespace = lab.Node }, time, NullLogger<NftablesDataPlane>.Instance);
        var silent = new ForwardedBackend(IPAddress.Parse(ForwardingLab.Silent), 8080, 1, Local: true);
        await engine.ApplyAsync(State(Service(silent)), CancellationToken.None);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var client = lab.OpenTcp();
        client.Bind(new IPEndPoint(IPAddress.Parse("10.70.0.200"), 20_001));
        var connecting = client.ConnectAsync(new IPEndPoint(Vip, 80), limit.Token);
        await Eventually.HoldsAsync(() => Waits(), "the endpoint has the SYN");

        await engine.ApplyAsync(State(Service(Pod2) with { Draining = [silent], Failed = [silent] }), CancellationToken.None);
        time.Advance(StaleFlowCutting.AnswerTime / 2);
        Waits().ShouldBeTrue();

        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(StaleFlowCutting.AnswerTime);
                return engine.FlowsCut.IsCompleted;
            },
            "its time is over");
        await connecting;

        bool Waits() => Open((IPEndPoint)client.LocalEndPoint!).Exists(
            flow => flow.AwaitsAnswer && flow.ReplySource.Address.Equals(silent.Address));
    }

    [Fact]
    public async Task TakeRefused_EndpointThatRefuses_TellsOfItsHandshakeAndOfNoOther()
    {
        var refusing = Pod1 with { Port = 8099 };
        await ApplyAsync(refusing);
        using var monitor = lab.Node.Run(ConntrackMonitor.Open);
        lab.Connect().ShouldBe("refused");
        var refused = new List<ConntrackFlow>();

        await Eventually.HoldsAsync(
            () =>
            {
                monitor.TakeRefused(refused.Add);
                return refused.Count > 0;
            },
            "the kernel told of it");

        var flow = refused.ShouldHaveSingleItem();
        flow.OriginalDestination.ShouldBe(new IPEndPoint(Vip, 80));
        flow.ReplySource.ShouldBe(new IPEndPoint(refusing.Address, refusing.Port));
    }

    private List<ConntrackFlow> Open(IPEndPoint client) => lab.Node.Run(() =>
    {
        var flows = new List<ConntrackFlow>();
        using var conntrack = new ConntrackTable();
        conntrack.Read(flow =>
        {
            if (flow.IsOpen && flow.OriginalSource.Equals(client))
            {
                flows.Add(flow);
            }
        });
        return flows;
    });

    private Task ApplyAsync(params ForwardedBackend[] backends) => ApplyAsync(Service(backends));

    private async Task ApplyAsync(ForwardedService service)
    {
        (await _engine.ApplyAsync(State(service), CancellationToken.None)).Failed.ShouldBeEmpty();
        await _engine.FlowsCut;
    }

    private static DataPlaneState State(ForwardedService service) => new() { NodeName = "node", Services = [service] };

    private static ForwardedService Service(params ForwardedBackend[] backends) => new()
    {
        VirtualIp = new NamespacedName("default", "web"),
        Address = Vip,
        Protocol = TransportProtocol.Tcp,
        Port = 80,
        Backends = [.. backends],
    };
}
