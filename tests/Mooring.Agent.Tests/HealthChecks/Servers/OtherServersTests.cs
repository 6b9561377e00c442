using System.Net;
using System.Net.Sockets;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks.Servers;

/// <summary>Checks against haproxy, openssl s_server, dnsmasq and a gRPC server on grpcio.</summary>
public sealed class OtherServersTests : ProbeTestBase
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(400);

    /// <summary>A query for the A record of web.example, with the number 0x1234.</summary>
    private static readonly byte[] Query =
    [
        0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, .. "web"u8, 7, .. "example"u8, 0, 0, 1, 0, 1,
    ];

    [Fact]
    public async Task Http_Haproxy_BothVersions()
    {
        ServerProcess.SkipUnlessInstalled("/usr/sbin/haproxy", "haproxy");
        var (first, second, down) = (ServerProcess.FreePort(), ServerProcess.FreePort(), ServerProcess.FreePort());
        var path = Path.Combine(Folder, "haproxy.cfg");
        await File.WriteAllTextAsync(path, $"""
            defaults
              mode http
              timeout client 5s
              timeout connect 5s
              timeout server 5s
            frontend first
              bind {first}
              http-request return status 200 content-type text/plain string "served"
            frontend second
              bind {second} proto h2
              http-request return status 200 content-type text/plain string "served"
            frontend down
              bind {down}
              default_backend nothing
            backend nothing
              server gone 127.0.0.1:1
            """ + "\n");
        var server = Own(ServerProcess.Start("/usr/sbin/haproxy", "-db", "-f", path));
        await server.ListeningAsync(first);
        var check = Check(HealthCheckType.Http) with { ExpectedBody = "^served$" };

        (await ProbeAsync(check, first)).ShouldBe(ProbeOutcome.Passed);
        (await ProbeAsync(check with { Http2 = true }, second)).ShouldBe(ProbeOutcome.Passed);
        (await ProbeAsync(check, down)).ShouldBe(ProbeOutcome.Failed($"HTTP 503 from {down}/, expected 200-399"));
    }

    [Fact]
    public async Task Tcp_OpensslOverTls_Passes()
    {
        ServerProcess.SkipUnlessInstalled("/usr/bin/openssl", "openssl");
        var authority = new TestAuthority(Folder);
        var issued = authority.Issue("good", "db.example", TimeProvider.System.GetUtcNow().AddDays(3));
        var endPoint = ServerProcess.FreePort();
        var server = Own(ServerProcess.Start(
            "/usr/bin/openssl", "s_server", "-accept", endPoint.ToString(), "-cert", issued.Certificate, "-key", issued.Key, "-quiet"));
        await server.ListeningAsync(endPoint);
        var check = Check(HealthCheckType.Tcp) with
        {
            Tls = new TlsCheckIntent { ServerName = "db.example", CaCertificates = authority.Pem, ExpiryWarning = TimeSpan.FromDays(14) },
        };

        var outcome = await ProbeAsync(check, endPoint);

        outcome.Success.ShouldBeTrue(outcome.Reason);
        outcome.Warning.ShouldStartWith("TLS: certificate expires ");
    }

    [Fact]
    public async Task Udp_Dnsmasq_AnswersSilenceAndRefusal()
    {
        ServerProcess.SkipUnlessInstalled("/usr/sbin/dnsmasq", "dnsmasq-base");
        var endPoint = ServerProcess.FreePort();
        var server = Own(ServerProcess.Start(
            "/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
            "--listen-address=127.0.0.1", "--bind-interfaces", $"--port={endPoint.Port}", "--address=/web.example/10.9.8.7"));
        await server.ListeningAsync(endPoint);
        var check = Check(HealthCheckType.Udp) with { Udp = new UdpCheckIntent { Payload = [.. Query], Expected = @"^\x12\x34(?s:.*)\x0a\x09\x08\x07$" } };

        (await ProbeAsync(check, endPoint)).ShouldBe(ProbeOutcome.Passed);
        (await ProbeAsync(check with { Udp = check.Udp! with { Expected = "other" } }, endPoint)).Reason
            .ShouldEndWith($" bytes from {endPoint} does not match other");
        server.Freeze();
        (await ProbeAsync(check with { Timeout = Short }, endPoint))
            .ShouldBe(ProbeOutcome.Failed($"no answer from {endPoint} within 400ms"));
        var closed = ServerProcess.FreePort(ProtocolType.Udp);
        (await ProbeAsync(check, closed)).ShouldBe(ProbeOutcome.Failed($"connection refused by {closed}"));
    }

    [Fact]
    public async Task Grpc_Grpcio_EveryAnswer()
    {
        var (server, endPoint) = await StartGrpcAsync();
        var check = Check(HealthCheckType.Grpc);

        (await ProbeAsync(check, endPoint)).ShouldBe(ProbeOutcome.Passed);
        (await ProbeAsync(check with { GrpcService = "web.v1.Web" }, endPoint)).ShouldBe(ProbeOutcome.Passed);
        (await ProbeAsync(check with { GrpcService = "web.v1.Down" }, endPoint))
            .ShouldBe(ProbeOutcome.Failed($"gRPC: service 'web.v1.Down' at {endPoint} is NOT_SERVING"));
        (await ProbeAsync(check with { GrpcService = "web.v1.Other" }, endPoint))
            .ShouldBe(ProbeOutcome.Failed($"gRPC: {endPoint} does not know service 'web.v1.Other'"));
        (await ProbeAsync(check with { GrpcService = "web.v1.Slow", Timeout = Short }, endPoint))
            .ShouldBe(ProbeOutcome.Failed($"no answer from {endPoint} within 400ms"));
        var closed = ServerProcess.FreePort();
        (await ProbeAsync(check, closed)).ShouldBe(ProbeOutcome.Failed($"connection refused by {closed}"));
        server.Freeze();
        (await ProbeAsync(check with { Timeout = Short }, endPoint))
            .ShouldBe(ProbeOutcome.Failed($"no answer from {endPoint} within 400ms"));
    }

    [Fact]
    public async Task Grpc_ServerWithoutHealth_SaysSo()
    {
        var (_, endPoint) = await StartGrpcAsync("none");

        (await ProbeAsync(Check(HealthCheckType.Grpc), endPoint))
            .ShouldBe(ProbeOutcome.Failed($"gRPC: {endPoint} does not offer the health protocol"));
    }

    private async Task<(ServerProcess Server, IPEndPoint EndPoint)> StartGrpcAsync(params string[] more)
    {
        Assert.SkipUnless(Directory.Exists("/usr/lib/python3/dist-packages/grpc"), "needs grpcio (Debian: python3-grpcio)");
        var endPoint = ServerProcess.FreePort();
        var script = Path.Combine(AppContext.BaseDirectory, "HealthChecks", "Servers", "grpc_health.py");
        var server = Own(ServerProcess.Start(
            "/usr/bin/python3", [script, endPoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), .. more]));
        return (server, await server.ListeningAsync(endPoint));
    }
}
