using System.Net;
using System.Net.Sockets;
using System.Text;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks;

public sealed class ProbeTests
{
    private readonly HealthProbes _probes = new(null, ProbeSource.Any, TimeProvider.System);

    [Fact]
    public async Task Tcp_Listening_Passes()
    {
        using var server = CannedServer.Start("");

        (await ProbeAsync(HealthCheckType.Tcp, server.EndPoint)).ShouldBe(ProbeOutcome.Passed);
    }

    [Theory]
    [InlineData(HealthCheckType.Tcp)]
    [InlineData(HealthCheckType.Http)]
    public async Task AnyType_NothingListening_SaysRefused(HealthCheckType type)
    {
        var endPoint = ClosedEndPoint();

        (await ProbeAsync(type, endPoint)).ShouldBe(ProbeOutcome.Failed($"connection refused by {endPoint}"));
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(204, true)]
    [InlineData(302, true)]
    [InlineData(404, false)]
    [InlineData(503, false)]
    public async Task Http_Status_PassesFrom200To399(int status, bool passes)
    {
        using var server = CannedServer.Start($"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");

        var outcome = await ProbeAsync(HealthCheckType.Http, server.EndPoint);

        outcome.Success.ShouldBe(passes);
        if (!passes)
        {
            outcome.Reason.ShouldBe($"HTTP {status} from {server.EndPoint}/, expected 200-399");
        }
    }

    [Fact]
    public async Task Http_ExpectedStatuses_ReplaceTheDefault()
    {
        using var server = CannedServer.Start("HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n");
        var check = Check(HealthCheckType.Http) with { ExpectedStatuses = [new StatusRange(418, 418)] };

        (await ProbeAsync(check, server.EndPoint)).Success.ShouldBeTrue();
    }

    [Fact]
    public async Task Http_PathAndHost_AreSent()
    {
        using var server = CannedServer.Start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var check = Check(HealthCheckType.Http) with { Path = "/ready?full=1", Host = "web.example" };

        await ProbeAsync(check, server.EndPoint);

        var request = await server.FirstRequest;
        request.ShouldStartWith("GET /ready?full=1 HTTP/1.1\r\n");
        request.ShouldContain("Host: web.example\r\n");
    }

    [Fact]
    public async Task Http_NotHttp_SaysSo()
    {
        using var server = CannedServer.Start("SSH-2.0-OpenSSH_9.2\r\n\r\n");

        var outcome = await ProbeAsync(HealthCheckType.Http, server.EndPoint);

        outcome.ShouldBe(ProbeOutcome.Failed($"{server.EndPoint} answered with something that is not HTTP"));
    }

    [Fact]
    public async Task Http_ClosedWithoutAnswer_SaysSo()
    {
        using var server = CannedServer.Start("");

        var outcome = await ProbeAsync(HealthCheckType.Http, server.EndPoint);

        outcome.Success.ShouldBeFalse();
        outcome.Reason.ShouldContain(server.EndPoint.ToString());
    }

    [Fact]
    public async Task Http_EndlessHeaders_AreCutOff()
    {
        using var server = CannedServer.Start(
            "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X-Filler: " + new string('x', 1000) + "\r\n", 40)));

        var outcome = await ProbeAsync(HealthCheckType.Http, server.EndPoint);

        outcome.Success.ShouldBeFalse();
    }

    [Fact]
    public async Task Http_SilentServer_TimesOutWithTheLimit()
    {
        using var server = CannedServer.StartSilent();
        var check = Check(HealthCheckType.Http) with { Timeout = TimeSpan.FromMilliseconds(200) };

        (await ProbeAsync(check, server.EndPoint))
            .ShouldBe(ProbeOutcome.Failed($"no answer from {server.EndPoint} within 200ms"));
    }

    [Fact]
    public async Task Probe_PortOfCheck_ReplacesThatOfBackend()
    {
        using var server = CannedServer.Start("");
        var check = Check(HealthCheckType.Tcp) with { Port = (ushort)server.EndPoint.Port };

        (await ProbeAsync(check, new IPEndPoint(IPAddress.Loopback, 1))).Success.ShouldBeTrue();
    }

    private static HealthCheckIntent Check(HealthCheckType type) => new() { Type = type, Timeout = TimeSpan.FromMinutes(1) };

    private static IPEndPoint ClosedEndPoint()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)listener.LocalEndPoint!;
    }

    private Task<ProbeOutcome> ProbeAsync(HealthCheckType type, IPEndPoint endPoint) => ProbeAsync(Check(type), endPoint);

    private async Task<ProbeOutcome> ProbeAsync(HealthCheckIntent check, IPEndPoint endPoint)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(check.Timeout);
        return await _probes.For(check.Type).ProbeAsync(
            new HealthCheckTarget("default/web:80", endPoint, check), deadline.Token);
    }

    /// <summary>Answers every connection with the same bytes and closes it.</summary>
    private sealed class CannedServer : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly TaskCompletionSource<string> _firstRequest = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private CannedServer()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
        }

        public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

        public Task<string> FirstRequest => _firstRequest.Task;

        public static CannedServer Start(string answer)
        {
            var server = new CannedServer();
            _ = server.ServeAsync(Encoding.ASCII.GetBytes(answer));
            return server;
        }

        public static CannedServer StartSilent() => new();

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync(byte[] answer)
        {
            try
            {
                var buffer = new byte[4096];
                while (true)
                {
                    using var connection = await _listener.AcceptAsync();
                    if (answer.Length > 0)
                    {
                        var read = await connection.ReceiveAsync(buffer);
                        _firstRequest.TrySetResult(Encoding.ASCII.GetString(buffer, 0, read));
                        await connection.SendAsync(answer);
                    }

                    connection.Shutdown(SocketShutdown.Both);
                }
            }
            catch (SocketException)
            {
                // The listener is disposed, or the prober went away.
            }
            catch (ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}
