using System.Net;
using System.Net.Sockets;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks;

/// <summary>What an endpoint sees of a check: the address and the port it comes from.</summary>
public sealed class ProbeSourceTests
{
    private static readonly IPAddress Own = IPAddress.Parse("127.0.8.7");

    private readonly ListLogger<ProbeSource> _logger = new();

    [Theory]
    [InlineData(HealthCheckType.Tcp)]
    [InlineData(HealthCheckType.Http)]
    public async Task Probe_NetworkGiven_ComesFromTheNodesAddressWithinIt(HealthCheckType type)
    {
        var seen = await SeenAsync(type, Source(["192.0.2.0/24", "127.0.8.0/24"]));

        seen.Address.ShouldBe(Own);
        _logger.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Probe_Udp_ComesFromTheNodesAddressWithinIt()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var probing = ProbeAsync(HealthCheckType.Udp, Source(["127.0.8.0/24"]), (IPEndPoint)server.LocalEndPoint!);

        var asked = await server.ReceiveFromAsync(new byte[64], new IPEndPoint(IPAddress.Any, 0), Token);
        await server.SendToAsync(new byte[1], SocketFlags.None, asked.RemoteEndPoint, Token);

        ((IPEndPoint)asked.RemoteEndPoint).Address.ShouldBe(Own);
        (await probing).ShouldBe(ProbeOutcome.Passed);
    }

    [Theory]
    [InlineData("192.0.2.0/24")]
    [InlineData("fd00::/64")]
    public async Task Probe_NodeHasNoAddressWithinIt_ComesFromWhereItsRoutesSay(string network)
    {
        var seen = await SeenAsync(HealthCheckType.Tcp, Source([network]));

        seen.Address.ShouldBe(IPAddress.Loopback);
        _logger.Lines.ShouldHaveSingleItem().ShouldContain($"no address within {network}");
    }

    [Fact]
    public async Task Probe_AddressJustLost_ComesFromWhereItsRoutesSay()
    {
        var gone = IPAddress.Parse("192.0.2.1");

        var seen = await SeenAsync(HealthCheckType.Tcp, Source(["192.0.2.0/24"], addresses: gone));

        seen.Address.ShouldBe(IPAddress.Loopback);
    }

    [Fact]
    public async Task Probe_PortsGiven_ComesFromOneOfThem()
    {
        Assert.SkipUnless(ProbeSource.KernelKeepsPorts(), "needs Linux 6.3");
        var local = (await File.ReadAllTextAsync("/proc/sys/net/ipv4/ip_local_port_range", Token)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var last = ushort.Parse(local[1]);
        var ports = new SourcePorts((ushort)(last - 99), last);

        for (var i = 0; i < 20; i++)
        {
            ((ushort)(await SeenAsync(HealthCheckType.Tcp, Source(["127.0.8.0/24"], ports))).Port).ShouldBeInRange(ports.First, ports.Last);
            ((ushort)(await SeenAsync(HealthCheckType.Tcp, Source([], ports))).Port).ShouldBeInRange(ports.First, ports.Last);
        }
    }

    [Theory]
    [InlineData("40000-40999", true)]
    [InlineData("40000-40000", true)]
    [InlineData("40000", false)]
    [InlineData("40999-40000", false)]
    [InlineData("0-1000", false)]
    [InlineData("40000-70000", false)]
    [InlineData("", false)]
    public void TryParse_Text_TakesRangesOfPortsAlone(string text, bool right) => SourcePorts.TryParse(text, out _).ShouldBe(right);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ProbeSource Source(string[] networks, SourcePorts? ports = null, params IPAddress[] addresses) => new(
        [.. networks.Select(network => IPNetwork.Parse(network))],
        ports,
        () => addresses.Length > 0 ? addresses : [IPAddress.Parse("10.0.0.1"), Own],
        TimeProvider.System,
        _logger);

    /// <summary>Whom a server sees.</summary>
    private static async Task<IPEndPoint> SeenAsync(HealthCheckType type, ProbeSource source)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Listen();
        var probing = ProbeAsync(type, source, (IPEndPoint)server.LocalEndPoint!);
        using var accepted = await server.AcceptAsync(Token);
        var seen = (IPEndPoint)accepted.RemoteEndPoint!;
        if (type == HealthCheckType.Http)
        {
            await accepted.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), Token);
        }

        (await probing).ShouldBe(ProbeOutcome.Passed);
        return seen;
    }

    private static async Task<ProbeOutcome> ProbeAsync(HealthCheckType type, ProbeSource source, IPEndPoint endPoint)
    {
        var check = new HealthCheckIntent { Type = type, Timeout = TimeSpan.FromMinutes(1), Udp = new UdpCheckIntent { Payload = [1] } };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(check.Timeout);
        return await new HealthProbes(null, source, TimeProvider.System).For(type)
            .ProbeAsync(new HealthCheckTarget("default/web:80", endPoint, check), deadline.Token);
    }
}
