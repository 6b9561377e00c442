using System.Net;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks;

/// <summary>Random bytes in answer to every kind of check: an outcome with a reason, and nothing thrown.</summary>
public sealed class FuzzedAnswerTests : ProbeTestBase
{
    private const int Answers = 150;
    private static readonly UdpCheckIntent Question = new() { Payload = [1], Expected = "^this and nothing else$" };

    /// <summary>How answers begin, so that some get past the first look.</summary>
    private static readonly byte[][] Beginnings =
    [
        [], [.. "HTTP/1.1 "u8], [.. "HTTP/1.1 200 OK\r\n"u8], [.. "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"u8],
        [0, 0, 0, 4, 0, 0, 0, 0, 0], [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 4, 0, 0, 0, 1], [22, 3, 3, 0, 200],
    ];

    [Theory]
    [InlineData(HealthCheckType.Http, false, false)]
    [InlineData(HealthCheckType.Http, false, true)]
    [InlineData(HealthCheckType.Http, true, false)]
    [InlineData(HealthCheckType.Grpc, false, false)]
    [InlineData(HealthCheckType.Grpc, true, false)]
    [InlineData(HealthCheckType.Tcp, true, false)]
    public async Task Probe_RandomBytesOverTcp_FailsWithAReason(HealthCheckType type, bool tls, bool http2)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var serving = ServeAsync(listener, new Random(20261121));
        var check = Check(type) with
        {
            Http2 = http2,
            ExpectedBody = type == HealthCheckType.Http ? "^this and nothing else$" : null,
            Tls = tls ? new TlsCheckIntent { SkipVerify = true } : null,
        };
        for (var i = 0; i < Answers; i++)
        {
            var outcome = await ProbeAsync(check, (IPEndPoint)listener.LocalEndPoint!);

            outcome.Success.ShouldBeFalse($"answer {i}");
            outcome.Reason.ShouldNotBeEmpty($"answer {i}");
            outcome.Reason.ShouldAllBe(c => !char.IsControl(c));
        }

        listener.Dispose();
        await serving;
    }

    [Fact]
    public async Task Probe_RandomDatagrams_FailsWithAReason()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var random = new Random(20261121);
        var buffer = new byte[64];
        for (var i = 0; i < Answers; i++)
        {
            var probing = ProbeAsync(Check(HealthCheckType.Udp) with { Udp = Question }, (IPEndPoint)server.LocalEndPoint!);
            var from = await server.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0));
            var answer = new byte[random.Next(2000)];
            random.NextBytes(answer);
            await server.SendToAsync(answer, SocketFlags.None, from.RemoteEndPoint);

            var outcome = await probing;

            outcome.Success.ShouldBeFalse();
            outcome.Reason.ShouldNotBeEmpty();
        }
    }

    private static async Task ServeAsync(Socket listener, Random random)
    {
        var buffer = new byte[1024];
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptAsync();
                try
                {
                    await connection.ReceiveAsync(buffer);
                    var answer = new byte[random.Next(4000)];
                    random.NextBytes(answer);
                    await connection.SendAsync(Beginnings[random.Next(Beginnings.Length)]);
                    await connection.SendAsync(answer);
                    connection.Shutdown(SocketShutdown.Send);
                    while (await connection.ReceiveAsync(buffer) > 0)
                    {
                    }
                }
                catch (SocketException)
                {
                    // The prober had enough of it.
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
