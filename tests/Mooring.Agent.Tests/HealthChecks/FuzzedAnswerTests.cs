using System.Net;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks;

/// <summary>Random bytes in answer to every kind of check: an outcome with a reason, and nothing thrown.</summary>
public sealed class FuzzedAnswerTests : ProbeTestBase
{
    private const int Answers = 150;
    private static readonly UdpCheckIntent Question = new() { Payload = [1], Expected = "^this and nothing else$" };

    [Theory]
    [InlineData(HealthCheckType.Http, false, false)]
    [InlineData(HealthCheckType.Http, false, true)]
    [InlineData(HealthCheckType.Http, true, false)]
    [InlineData(HealthCheckType.Http, true, true)]
    [InlineData(HealthCheckType.Grpc, false, false)]
    [InlineData(HealthCheckType.Grpc, true, false)]
    [InlineData(HealthCheckType.Tcp, true, false)]
    public async Task Probe_RandomBytesOverTcp_FailsWithAReason(HealthCheckType type, bool tls, bool http2)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var serving = RandomAnswers.ServeAsync(listener, new Random(20261121));
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

    [Fact]
    public async Task Probe_ProgramThatSaysRandomBytes_FailsWithAReason()
    {
        var path = Path.Combine(Folder, "check");
        await File.WriteAllTextAsync(path, "#!/bin/sh\nhead -c 2000 /dev/urandom; head -c 2000 /dev/urandom >&2; exit 1\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        for (var i = 0; i < 20; i++)
        {
            var outcome = await ProbeAsync(
                Check(HealthCheckType.Exec) with { Exec = new ExecCheckIntent { Program = "check" } }, new IPEndPoint(IPAddress.Loopback, 1));

            outcome.Success.ShouldBeFalse();
            outcome.Reason.ShouldStartWith("check ended with status 1");
            outcome.Reason.ShouldAllBe(c => !char.IsControl(c));
        }
    }
}
