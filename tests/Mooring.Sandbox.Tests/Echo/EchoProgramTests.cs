using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Mooring.Linux.Namespaces;
using Mooring.Sandbox.Echo;
using Mooring.Sandbox.Probing;

namespace Mooring.Sandbox.Tests.Echo;

/// <summary>The echo program on real sockets, in a network namespace of its own.</summary>
public sealed class EchoProgramTests : IAsyncLifetime
{
    private const string Space = "mr-sbt-echo";

    private EchoProgram _program = null!;
    private NetworkNamespace _space = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for a network namespace");
        NetworkNamespace.Delete(Space);
        _space = NetworkNamespace.Create(Space);
        using var loopback = System.Diagnostics.Process.Start("ip", ["-n", Space, "link", "set", "lo", "up"]);
        await loopback.WaitForExitAsync();
        _program = new EchoProgram(new EchoIdentity("web-1", "node-1"), _space.Run, TimeProvider.System);
        await _program.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (_program is not null)
        {
            await _program.DisposeAsync();
            _space.Dispose();
            NetworkNamespace.Delete(Space);
        }
    }

    [Fact]
    public async Task Http_Get_SaysPodNodeAndClient()
    {
        using var http = Http();

        var answer = JsonNode.Parse(await http.GetStringAsync("http://127.0.0.1:8080/any/path"))!;

        ((string?)answer["pod"]).ShouldBe("web-1");
        ((string?)answer["node"]).ShouldBe("node-1");
        ((string?)answer["client"])!.ShouldStartWith("127.0.0.1:");
        ((int)answer["requests"]!).ShouldBe(1);
    }

    [Fact]
    public async Task Http_SeveralOnOneConnection_CountsEach()
    {
        using var http = Http();
        for (var i = 0; i < 3; i++)
        {
            (await http.PostAsync("http://[::1]:8080/", new StringContent(new string('x', 100_000)))).StatusCode
                .ShouldBe(HttpStatusCode.OK);
        }

        _program.Requests.ShouldBe(3);
    }

    [Fact]
    public async Task Http_Stream_SendsAsManyBytes()
    {
        using var http = Http();

        (await http.GetByteArrayAsync("http://127.0.0.1:8080/stream?bytes=300000")).Length.ShouldBe(300_000);
    }

    [Theory]
    [InlineData("rubbish\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", "400")]
    public async Task Http_NotHttp_AnswersBadRequest(string request, string status)
    {
        (await AskRawAsync(request)).ShouldStartWith($"HTTP/1.1 {status} ");
    }

    [Fact]
    public async Task Http_EndlessHead_IsRefused()
    {
        (await AskRawAsync("GET / HTTP/1.1\r\nX: " + new string('x', 20_000))).ShouldStartWith("HTTP/1.1 431 ");
    }

    [Fact]
    public async Task SetFailure_Unhealthy_FailsOnlyTheCheck()
    {
        using var http = Http();
        await _program.SetFailureAsync(PodFailure.Unhealthy, CancellationToken.None);

        (await http.GetAsync("http://127.0.0.1:8080/healthz")).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await http.GetAsync("http://127.0.0.1:8080/")).StatusCode.ShouldBe(HttpStatusCode.OK);

        await _program.SetFailureAsync(PodFailure.None, CancellationToken.None);
        (await http.GetAsync("http://127.0.0.1:8080/healthz")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task SetFailure_Refuse_RefusesUntilHealed()
    {
        await _program.SetFailureAsync(PodFailure.Refuse, CancellationToken.None);
        (await Should.ThrowAsync<SocketException>(() => Target("tcp://127.0.0.1:9000").AskAsync(begun: null, CancellationToken.None)))
            .SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);

        await _program.SetFailureAsync(PodFailure.None, CancellationToken.None);
        (await Target("tcp://127.0.0.1:9000").AskAsync(begun: null, CancellationToken.None)).ShouldBe("web-1");
    }

    [Fact]
    public async Task SetFailure_Hang_AnswersWhenHealed()
    {
        await _program.SetFailureAsync(PodFailure.Hang, CancellationToken.None);
        var asked = Target("http://127.0.0.1:8080/").AskAsync(begun: null, CancellationToken.None);

        await _program.SetFailureAsync(PodFailure.None, CancellationToken.None);

        (await asked).ShouldBe("web-1");
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080/")]
    [InlineData("tcp://127.0.0.1:9000")]
    [InlineData("udp://127.0.0.1:9001")]
    public async Task Probe_EachProtocol_NamesThePod(string url)
    {
        (await Target(url).AskAsync(begun: null, CancellationToken.None)).ShouldBe("web-1");
    }

    private IProbeTarget Target(string url) => ProbeTargets.Create(
        new Uri(url), (family, type, protocol) => _space.Run(() => new Socket(family, type, protocol)));

    private async Task<string> AskRawAsync(string request)
    {
        using var socket = _space.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, EchoProgram.HttpPort));
        await socket.SendAsync(Encoding.ASCII.GetBytes(request));
        var buffer = new byte[1024];
        return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer));
    }

    private HttpClient Http() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var address = IPAddress.Parse(context.DnsEndPoint.Host.Trim('[', ']'));
            var socket = _space.Run(() => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
            await socket.ConnectAsync(address, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });
}
