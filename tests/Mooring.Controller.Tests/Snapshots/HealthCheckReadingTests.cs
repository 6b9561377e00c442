using Mooring.Api.V1Alpha1;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.Snapshots;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Snapshots;

public sealed class HealthCheckReadingTests
{
    public static TheoryData<string, HealthCheck, string, string> Mistakes => new()
    {
        { "no payload", new() { Type = "UDP" }, "spec.healthCheck.udp", "set one of payload and payloadBase64" },
        { "both payloads", new() { Type = "UDP", Udp = new() { Payload = "a", PayloadBase64 = "YQ==" } }, "spec.healthCheck.udp", "set one of" },
        { "no base64", new() { Type = "UDP", Udp = new() { PayloadBase64 = "=" } }, "spec.healthCheck.udp.payloadBase64", "encode it again" },
        { "no program", new() { Type = "Exec" }, "spec.healthCheck.exec", "set exec.program" },
        { "program with a path", new() { Type = "Exec", Exec = new() { Program = "../sh" } }, "spec.healthCheck.exec.program", "without a path" },
        { "body of TCP", new() { Type = "TCP", ExpectedBody = "a" }, "spec.healthCheck.expectedBody", "remove it, or set type HTTP" },
        { "TLS of UDP", new() { Type = "UDP", Udp = new() { Payload = "a" }, Tls = new() }, "spec.healthCheck.tls", "set type TCP or HTTP or GRPC" },
        { "bad pattern", new() { Type = "HTTP", ExpectedBody = "(" }, "spec.healthCheck.expectedBody", "is not a regular expression" },
        { "costly pattern", new() { Type = "HTTP", ExpectedBody = "(?=a)" }, "spec.healthCheck.expectedBody", "write it without" },
        { "reserved header", new() { Type = "HTTP", Headers = [new() { Name = "host", Value = "a" }] }, "spec.healthCheck.headers[0].name", "set host instead" },
        { "split header", new() { Type = "HTTP", Headers = [new() { Name = "A", Value = "b\r\nC: d" }] }, "spec.healthCheck.headers[0]", "is not a header" },
        { "slower when failing", new() { Type = "TCP", Interval = "1s", FailingInterval = "2s" }, "spec.healthCheck.failingInterval", "set it from 100ms to 1s" },
        { "CA of no use", new() { Type = "TCP", Tls = new() { InsecureSkipVerify = true, CaSecretRef = new() { Name = "ca" } } }, "spec.healthCheck.tls.caSecretRef", "remove one of them" },
        { "passive of UDP", new() { Type = "UDP", Udp = new() { Payload = "a" }, Passive = new() }, "spec.healthCheck.passive", "set type TCP or" },
        { "ejection too long", new() { Type = "TCP", Passive = new() { EjectionTime = "10m" } }, "spec.healthCheck.passive.maxEjectionTime", "set it from 10m to 24h" },
        { "damped at once", new() { Type = "TCP", FlapDamping = new() { Falls = 1 } }, "spec.healthCheck.flapDamping.falls", "set it from 2 to 100" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Read_Mistake_NamesTheFieldAndTheFix(string what, HealthCheck check, string field, string fix)
    {
        var finding = BackendPoolReader.Read(Pool(change: spec => spec.HealthCheck = check)).Findings.ShouldHaveSingleItem(what);

        finding.Field.ShouldBe(field);
        finding.Message.ShouldContain(fix);
    }

    [Theory]
    [InlineData("Refuse", false)]
    [InlineData("Hold", true)]
    public void Read_WithoutEndpoints_IsCarried(string policy, bool holds) =>
        BackendPoolReader.Read(Pool(change: spec => spec.WithoutEndpoints = policy)).HoldsWithoutEndpoints.ShouldBe(holds);

    [Fact]
    public void Read_WithoutEndpointsOfNoMeaning_NamesTheField() =>
        BackendPoolReader.Read(Pool(change: spec => spec.WithoutEndpoints = "Wait")).Findings.ShouldHaveSingleItem()
            .ToString().ShouldBe("spec.withoutEndpoints: 'Wait' is none of Refuse, Hold");

    [Fact]
    public void Read_EveryField_IsCarried()
    {
        var pool = Pool(change: spec => spec.HealthCheck = new HealthCheck
        {
            Type = "HTTP",
            HttpVersion = "2",
            Headers = [new() { Name = "X-Token", Value = "a b" }],
            ExpectedBody = "^ok",
            Tls = new() { ServerName = "web.example", ExpiryWarningDays = 7 },
            Interval = "10s",
            FailingInterval = "1s",
            JitterPercent = 10,
            InitialDelay = "30s",
            Passive = new() { Failures = 7, Window = "20s", EjectionTime = "1m", MaxEjectionTime = "1h", MaxEjectedPercent = 30 },
            FlapDamping = new(),
        });

        var check = BackendPoolReader.Read(pool).HealthCheck.ShouldNotBeNull();

        check.ShouldBe(new HealthCheckIntent
        {
            Type = HealthCheckType.Http,
            Passive = new PassiveCheckIntent(
                7, TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), 30),
            FlapDamping = FlapDampingIntent.Default,
            Http2 = true,
            Headers = [new HttpHeader("X-Token", "a b")],
            ExpectedBody = "^ok",
            Tls = new TlsCheckIntent { ServerName = "web.example", ExpiryWarning = TimeSpan.FromDays(7) },
            Interval = TimeSpan.FromSeconds(10),
            FailingInterval = TimeSpan.FromSeconds(1),
            JitterPercent = 10,
            InitialDelay = TimeSpan.FromSeconds(30),
        });
    }

    [Fact]
    public void Build_AuthorityNotRead_IsReportedAtTheField()
    {
        var pool = Pool(change: spec => spec.HealthCheck = WithAuthority());

        var finding = SnapshotBuilder.Build(ThreeNodes(pools: [pool])).Pools[0].Settings.Findings.ShouldHaveSingleItem();

        finding.Field.ShouldBe("spec.healthCheck.tls.caSecretRef");
    }

    [Fact]
    public void Build_AuthorityRead_IsInTheSnapshot()
    {
        var pool = Pool(change: spec => spec.HealthCheck = WithAuthority());
        var world = ThreeNodes(pools: [pool]) with
        {
            Authorities = new CertificateAuthorities(
                System.Collections.Immutable.ImmutableDictionary<SecretEntry, CertificateAuthorities.Content>.Empty
                    .Add(new SecretEntry("default", "web-ca", "ca.crt"), new("PEM", null))),
        };

        SnapshotBuilder.Build(world).Snapshot.BackendSets[0].HealthCheck!.Tls!.CaCertificates.ShouldBe("PEM");
    }

    private static HealthCheck WithAuthority() => new() { Type = "HTTP", Tls = new() { CaSecretRef = new() { Name = "web-ca" } } };
}
