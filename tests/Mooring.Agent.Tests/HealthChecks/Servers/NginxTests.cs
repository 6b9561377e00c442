using System.Net;
using System.Net.Sockets;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks.Servers;

/// <summary>HTTP and HTTPS checks against nginx.</summary>
public sealed class NginxTests : ProbeTestBase
{
    private const string Program = "/usr/sbin/nginx";
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(400);

    private readonly IPEndPoint _plain = ServerProcess.FreePort();
    private readonly IPEndPoint _good = ServerProcess.FreePort();
    private readonly IPEndPoint _expired = ServerProcess.FreePort();
    private readonly IPEndPoint _other = ServerProcess.FreePort();
    private string _authority = "";

    [Theory]
    [InlineData("/", "well", "")]
    [InlineData("/", "^all is well$", "")]
    [InlineData("/", "broken", "body from {0}/ does not match broken")]
    [InlineData("/teapot", null, "HTTP 418 from {0}/teapot, expected 200-399")]
    [InlineData("/down", null, "HTTP 503 from {0}/down, expected 200-399")]
    [InlineData("/huge-headers", null, "{0} answered with headers of more than 16 KiB")]
    [InlineData("/endless", "never there", "body from {0}/endless does not match never there")]
    public async Task Http_AnswersOfNginx_AreJudged(string path, string? body, string reason)
    {
        await StartAsync();

        var outcome = await ProbeAsync(Check(HealthCheckType.Http) with { Path = path, ExpectedBody = body }, _plain);

        outcome.ShouldBe(new ProbeOutcome(reason.Length == 0, string.Format(null, reason, _plain)));
    }

    [Theory]
    [InlineData("/late", null, "no answer from {0} within 400ms")]
    [InlineData("/dripping", "end", "no whole answer from {0} within 400ms")]
    public async Task Http_SlowAnswers_EndWithTheTimeout(string path, string? body, string reason)
    {
        await StartAsync();

        var outcome = await ProbeAsync(
            Check(HealthCheckType.Http) with { Path = path, ExpectedBody = body, Timeout = Short }, _plain);

        outcome.ShouldBe(ProbeOutcome.Failed(string.Format(null, reason, _plain)));
    }

    [Fact]
    public async Task Http_HeadersAndHost_ReachNginx()
    {
        await StartAsync();
        var check = Check(HealthCheckType.Http) with
        {
            Path = "/echo",
            Host = "web.example",
            Headers = [new HttpHeader("X-Token", "s3cret"), new HttpHeader("User-Agent", "probe/1")],
            ExpectedBody = "^web.example s3cret probe/1$",
        };

        (await ProbeAsync(check, _plain)).ShouldBe(ProbeOutcome.Passed);
    }

    [Fact]
    public async Task Https_CertificateOfTheAuthority_Passes()
    {
        await StartAsync();

        (await ProbeAsync(Secure("web.example"), _good)).ShouldBe(ProbeOutcome.Passed);
        (await ProbeAsync(Secure(null), _good)).ShouldBe(ProbeOutcome.Passed, "the certificate carries 127.0.0.1 too");
    }

    [Fact]
    public async Task Https_Http2_IsSpoken()
    {
        await StartAsync();
        var check = Secure("web.example") with { Http2 = true, Path = "/protocol", ExpectedBody = "^HTTP/2.0$" };

        (await ProbeAsync(check, _good)).ShouldBe(ProbeOutcome.Passed);
    }

    [Fact]
    public async Task Https_SniAndHost_MayDiffer()
    {
        await StartAsync();
        var check = Secure("web.example") with { Host = "inner.example", Path = "/names", ExpectedBody = "^web.example inner.example$" };

        (await ProbeAsync(check, _good)).ShouldBe(ProbeOutcome.Passed);
    }

    [Theory]
    [InlineData(HealthCheckType.Tcp)]
    [InlineData(HealthCheckType.Http)]
    [InlineData(HealthCheckType.Grpc)]
    public async Task AnyTlsType_ExpiredCertificate_SaysSince(HealthCheckType type)
    {
        await StartAsync();

        (await ProbeAsync(Secure("web.example") with { Type = type }, _expired))
            .ShouldBe(ProbeOutcome.Failed("TLS: certificate expired 2026-01-03"));
    }

    [Theory]
    [InlineData(HealthCheckType.Tcp)]
    [InlineData(HealthCheckType.Http)]
    [InlineData(HealthCheckType.Grpc)]
    public async Task AnyTlsType_WrongHost_NamesBoth(HealthCheckType type)
    {
        await StartAsync();

        (await ProbeAsync(Secure("web.example") with { Type = type }, _other))
            .ShouldBe(ProbeOutcome.Failed("TLS: certificate is for other.example, not for web.example"));
    }

    [Fact]
    public async Task Https_NotVerified_PassesWithAnyCertificate()
    {
        await StartAsync();

        (await ProbeAsync(Secure("web.example") with { Tls = new TlsCheckIntent { SkipVerify = true } }, _other))
            .ShouldBe(ProbeOutcome.Passed);
    }

    [Fact]
    public async Task Https_UnknownAuthority_NamesIt()
    {
        await StartAsync();
        var check = Secure("web.example") with { Tls = new TlsCheckIntent { ServerName = "web.example" } };

        (await ProbeAsync(check, _good)).ShouldBe(ProbeOutcome.Failed(
            "TLS: certificate is of an authority that is not trusted (CN=Mooring test authority)"));
    }

    [Fact]
    public async Task Https_CertificateNearItsEnd_PassesWithAWarning()
    {
        await StartAsync();
        var check = Secure("web.example");
        check = check with { Tls = check.Tls! with { ExpiryWarning = TimeSpan.FromDays(800) } };

        var outcome = await ProbeAsync(check, _good);

        outcome.Success.ShouldBeTrue();
        outcome.Warning.ShouldStartWith("TLS: certificate expires ");
    }

    [Fact]
    public async Task AnyType_FrozenServer_TimesOutWhereItIsSilent()
    {
        var server = await StartAsync();
        server.Freeze();
        var tls = Secure("web.example") with { Timeout = Short };

        // The kernel goes on taking connections for a process that is stopped.
        (await ProbeAsync(Check(HealthCheckType.Tcp), _plain)).ShouldBe(ProbeOutcome.Passed);
        (await ProbeAsync(Check(HealthCheckType.Http) with { Timeout = Short }, _plain))
            .ShouldBe(ProbeOutcome.Failed($"no answer from {_plain} within 400ms"));
        foreach (var type in (HealthCheckType[])[HealthCheckType.Tcp, HealthCheckType.Http, HealthCheckType.Grpc])
        {
            (await ProbeAsync(tls with { Type = type }, _good))
                .ShouldBe(ProbeOutcome.Failed($"TLS: no handshake with {_good} within 400ms"));
        }
    }

    [Theory]
    [InlineData(HealthCheckType.Tcp)]
    [InlineData(HealthCheckType.Http)]
    [InlineData(HealthCheckType.Grpc)]
    public async Task AnyType_BacklogFull_SaysThereIsNoConnection(HealthCheckType type)
    {
        // The kernel answers no more handshakes for a server that accepts none.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var endPoint = (IPEndPoint)listener.LocalEndPoint!;
        for (var i = 0; i < 8; i++)
        {
            _ = Own(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ConnectAsync(endPoint);
        }

        (await ProbeAsync(Check(type) with { Timeout = Short }, endPoint))
            .ShouldBe(ProbeOutcome.Failed($"no connection to {endPoint} within 400ms"));
    }

    [Fact]
    public async Task Https_PlainServer_SaysTheHandshakeFailed()
    {
        await StartAsync();

        (await ProbeAsync(Secure("web.example"), _plain)).Reason.ShouldStartWith($"TLS: handshake with {_plain} failed: ");
    }

    private HealthCheckIntent Secure(string? name) => Check(HealthCheckType.Http) with
    {
        Tls = new TlsCheckIntent { ServerName = name, CaCertificates = _authority },
    };

    private async Task<ServerProcess> StartAsync()
    {
        ServerProcess.SkipUnlessInstalled(Program, "nginx-light, libnginx-mod-http-echo");
        var authority = new TestAuthority(Folder);
        _authority = authority.Pem;
        var now = TimeProvider.System.GetUtcNow();
        var good = authority.Issue("good", "web.example", now.AddDays(300), IPAddress.Loopback);
        var expired = authority.Issue("expired", "web.example", new DateTimeOffset(2026, 1, 3, 0, 0, 0, TimeSpan.Zero));
        var other = authority.Issue("other", "other.example", now.AddDays(300));
        var path = Path.Combine(Folder, "nginx.conf");
        await File.WriteAllTextAsync(path, $$"""
            load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
            daemon off;
            master_process off;
            pid {{Folder}}/pid;
            error_log stderr;
            events {}
            http {
              access_log off;
              default_type text/plain;
              client_body_temp_path {{Folder}}; proxy_temp_path {{Folder}}; fastcgi_temp_path {{Folder}};
              uwsgi_temp_path {{Folder}}; scgi_temp_path {{Folder}};
              server {
                listen {{_plain}};
                location = / { return 200 "all is well"; }
                location /teapot { return 418; }
                location /down { return 503; }
                location /huge-headers { add_header X-Huge "{{new string('x', 3000)}}"; {{string.Concat(Enumerable.Range(0, 8).Select(i => $"add_header X-Huge-{i} \"{new string('x', 3000)}\"; "))}} return 200 ok; }
                location /endless { echo_duplicate 4000000 "more of it "; }
                location /late { echo_sleep 30; echo late; }
                location /dripping { echo begin; echo_flush; echo_sleep 30; echo end; }
                location /echo { return 200 "$host $http_x_token $http_user_agent"; }
              }
              server {
                listen {{_good}} ssl http2;
                ssl_certificate {{good.Certificate}}; ssl_certificate_key {{good.Key}};
                location = / { return 200 "all is well"; }
                location /protocol { return 200 "$server_protocol"; }
                location /names { return 200 "$ssl_server_name $host"; }
              }
              server { listen {{_expired}} ssl http2; ssl_certificate {{expired.Certificate}}; ssl_certificate_key {{expired.Key}}; }
              server { listen {{_other}} ssl http2; ssl_certificate {{other.Certificate}}; ssl_certificate_key {{other.Key}}; location / { return 200 ok; } }
            }
            """);
        var server = Own(ServerProcess.Start(Program, "-c", path, "-e", "stderr", "-p", Folder));
        foreach (var endPoint in new[] { _plain, _good, _expired, _other })
        {
            await server.ListeningAsync(endPoint);
        }

        return server;
    }
}
