using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Controlling;
using Mooring.Agent.Snapshots;
using Mooring.Agent.Tests.Failover;
using Mooring.Agent.Tests.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Tests.Controlling;

/// <summary>Whom an agent believes to be its controller, and what it shows whom.</summary>
public sealed class ControllerTrustTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TestAuthority _authority = new();
    private readonly ListLogger<ControllerLink> _log = new();
    private readonly TestMeters _meters = new();
    private readonly MeterListener _listener = new();
    private readonly List<string> _failures = [];
    private readonly List<IAsyncDisposable> _controllers = [];
    private SnapshotKeeper _snapshots = null!;
    private ControllerLink? _link;

    public ControllerTrustTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "mooring_controller_stream_failures_total" && instrument.Meter.Scope == _meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            lock (_failures)
            {
                _failures.Add((string)tags[0].Value!);
            }
        });
        _listener.Start();
        File.WriteAllText(_directory.File("ca.crt"), _authority.Pem);
        File.WriteAllText(_directory.File("token"), "the-token-of-this-pod\n");
    }

    public async ValueTask DisposeAsync()
    {
        if (_link is not null)
        {
            await _link.StopAsync(CancellationToken.None);
            _link.Dispose();
        }

        foreach (var controller in _controllers)
        {
            await controller.DisposeAsync();
        }

        _listener.Dispose();
        _authority.Dispose();
        _directory.Dispose();
        _log.Lines.ShouldNotContain(line => line.Contains("the-token"));
    }

    [Fact]
    public async Task Connect_CertificateOfTheAuthority_TakesTheSnapshotAndShowsTheToken()
    {
        var controller = await ControllerAsync(_authority.Issue());

        await StartAsync(controller);

        await Eventually.HoldsAsync(() => _snapshots.Current.Revision == 5, "the snapshot is in force");
        controller.Service.Authorizations.ShouldBe(["Bearer the-token-of-this-pod"]);
    }

    [Theory]
    [InlineData("expired", "NotTimeValid")]
    [InlineData("another authority", "UntrustedRoot|PartialChain|NotSignatureValid")]
    [InlineData("another name", "RemoteCertificateNameMismatch")]
    [InlineData("self-signed", "UntrustedRoot|PartialChain")]
    public async Task Connect_CertificateThatIsNotOurs_IsRefusedLoggedAndCounted(string what, string problem)
    {
        using var other = new TestAuthority();
        var controller = await ControllerAsync(what switch
        {
            "expired" => _authority.Issue(endsInMinutes: -1),
            "another authority" => other.Issue(),
            "another name" => _authority.Issue("another-server"),
            _ => new TestAuthority("CN=mooring-controller").Issue(),
        });

        await StartAsync(controller);

        await Eventually.HoldsAsync(() => Failures.Count > 0 && _log.Lines.Count > 0, "a failure");
        Failures.ShouldAllBe(reason => reason == "Certificate");
        problem.Split('|').ShouldContain(word => _log.Lines[0].Contains(word), _log.Lines[0]);
        controller.Service.Streams.ShouldBe(0, "the token was not shown to it");
        _snapshots.Current.Revision.ShouldBe(0UL);
    }

    [Fact]
    public async Task Connect_AuthorityReplaced_IsTrustedWithoutARestart()
    {
        using var next = new TestAuthority("CN=next-ca");
        var controller = await ControllerAsync(next.Issue());
        await StartAsync(controller);
        await Eventually.HoldsAsync(() => Failures.Contains("Certificate"), "refused");

        await File.WriteAllTextAsync(_directory.File("ca.crt"), _authority.Pem + next.Pem);

        await Eventually.HoldsAsync(() => _snapshots.Current.Revision == 5, "the snapshot is in force");
    }

    [Theory]
    [InlineData("ca.crt", null)]
    [InlineData("ca.crt", "")]
    [InlineData("ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [InlineData("token", null)]
    [InlineData("token", "")]
    public async Task Connect_FileNotThereYet_IsSaidAndTriedAgain(string file, string? content)
    {
        var good = await File.ReadAllTextAsync(_directory.File(file));
        File.Delete(_directory.File(file));
        if (content is not null)
        {
            await File.WriteAllTextAsync(_directory.File(file), content);
        }

        await StartAsync(await ControllerAsync(_authority.Issue()));
        await Eventually.HoldsAsync(() => Failures.Contains("Credentials"), "a failure");
        _log.Lines[0].ShouldContain(file);

        await File.WriteAllTextAsync(_directory.File(file), good);

        await Eventually.HoldsAsync(() => _snapshots.Current.Revision == 5, "the snapshot is in force");
    }

    [Fact]
    public async Task Stream_TokenRenewed_IsToldToTheController()
    {
        var controller = await ControllerAsync(_authority.Issue());
        await StartAsync(controller);
        await Eventually.HoldsAsync(() => _snapshots.Current.Revision == 5, "the snapshot is in force");

        await File.WriteAllTextAsync(_directory.File("token"), "the-token-after-it");

        var told = await Eventually.GetAsync(
            () => controller.Service.Messages(m => m.Credential).FirstOrDefault(), "the new token");
        told.Token.ShouldBe("the-token-after-it");
        controller.Service.Streams.ShouldBe(1);
    }

    [Fact]
    public async Task Connect_WithoutTls_ShowsNoToken()
    {
        var controller = await ControllerAsync(null);

        await StartAsync(controller);

        await Eventually.HoldsAsync(() => _snapshots.Current.Revision == 5, "the snapshot is in force");
        controller.Service.Authorizations.ShouldBe([null]);
    }

    private IReadOnlyList<string> Failures
    {
        get
        {
            lock (_failures)
            {
                return [.. _failures];
            }
        }
    }

    private async Task<TestController> ControllerAsync(X509Certificate2? certificate)
    {
        var controller = await TestController.StartAsync(
            new ControllerMessage { Snapshot = SnapshotMapping.ToProto(TestSnapshots.Web(5)) }, certificate: certificate);
        _controllers.Add(controller);
        return controller;
    }

    private Task StartAsync(TestController controller)
    {
        _snapshots = new SnapshotKeeper(
            new SnapshotStore(_directory.Path, NullLogger<SnapshotStore>.Instance), [new Consumer()], NullLogger<SnapshotKeeper>.Instance);
        _link = new ControllerLink(
            [controller.Address],
            new ControllerChannels(_directory.File("ca.crt"), _directory.File("token")),
            _snapshots,
            new AgentReports(),
            new Presence(),
            new ControllerLinkMetrics(_meters),
            TimeProvider.System,
            _log)
        {
            TokenInterval = TimeSpan.FromMilliseconds(50),
        };
        return _link.StartAsync(CancellationToken.None);
    }

    private sealed class Consumer : ISnapshotConsumer
    {
        public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken) =>
            Task.FromResult(ImmutableArray<Problem>.Empty);
    }

    private sealed class Presence : IAgentPresence
    {
        public Task<AddressProbeResult> ProbeAsync(AddressProbe probe, CancellationToken cancellationToken) =>
            Task.FromResult(new AddressProbeResult());

        public Hello Describe() => new() { NodeName = "node-1" };

        public void ControllerConnected(bool connected)
        {
        }
    }
}
