using System.Diagnostics.Metrics;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Mooring.Controller.Agents;
using Mooring.Controller.Agents.Admission;
using Mooring.Controller.Trust;
using Mooring.Core.Placement;
using Mooring.Protocol.V1Alpha1;
using k8s.Models;

namespace Mooring.Controller.Tests.Integration;

/// <summary>The controller as it runs in a cluster: TLS, tokens of pods, and an API server that reviews them.</summary>
public sealed class AgentSecurityTests : IAsyncLifetime
{
    private readonly CapturedLog _log = new();
    private readonly List<string> _secrets = [];
    private TestCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();

        // Whatever a test did: nothing that was to stay secret is in any line, at the most talkative level.
        _cluster.Secrets.ShouldNotBeEmpty();
        foreach (var line in _log.Lines)
        {
            _secrets.Concat(_cluster.Secrets).FirstOrDefault(line.Contains).ShouldBeNull(line);
        }
    }

    [Fact]
    public async Task Connect_TokenOfAPodOnTheNode_IsServed()
    {
        var (url, agents, _) = await StartAsync();
        await using var agent = await ConnectAsync(url, "node-1", await TokenAsync("node-1"));

        await Until.TrueAsync(() => agent.Current is not null, "a snapshot came");

        agents.View().Agents["node-1"].Presence.ShouldBe(AgentPresence.Connected);
        var map = (await _cluster.Client.GetAsync<V1ConfigMap>("mooring-ca", "mooring-system", Token))!;
        map.Data!.ShouldHaveSingleItem().Value.ShouldNotContain("PRIVATE");
        map.Metadata.OwnerReferences.ShouldHaveSingleItem().Kind.ShouldBe("Secret");
    }

    [Theory]
    [InlineData("none", StatusCode.Unauthenticated, nameof(ConnectionRefusal.NoToken))]
    [InlineData("garbage", StatusCode.Unauthenticated, nameof(ConnectionRefusal.TokenRefused))]
    [InlineData("audience", StatusCode.Unauthenticated, nameof(ConnectionRefusal.TokenRefused))]
    [InlineData("deleted pod", StatusCode.Unauthenticated, nameof(ConnectionRefusal.TokenRefused))]
    [InlineData("account", StatusCode.PermissionDenied, nameof(ConnectionRefusal.OtherAccount))]
    [InlineData("unbound", StatusCode.PermissionDenied, nameof(ConnectionRefusal.NoNode))]
    [InlineData("no node", StatusCode.PermissionDenied, nameof(ConnectionRefusal.NoNode))]
    [InlineData("node", StatusCode.PermissionDenied, nameof(ConnectionRefusal.OtherNode))]
    public async Task Connect_WithoutProof_IsRefusedLoggedAndCounted(string what, StatusCode code, string reason)
    {
        var (url, agents, app) = await StartAsync();
        using var counted = new Refusals(app);
        var token = what switch
        {
            "none" => null,
            "garbage" => "garbage-that-is-no-token",
            "audience" => await TokenAsync("node-1", audience: "another"),
            "account" => await TokenAsync("node-1", account: "default"),
            "unbound" => await TokenAsync("node-1", pod: null),
            "no node" => await TokenAsync("", pod: "nowhere"),
            "node" => await TokenAsync("node-2"),
            _ => await TokenAsync("node-1", pod: "gone"),
        };
        if (what == "deleted pod")
        {
            await DeletePodAsync("gone");
        }

        await using var agent = await ConnectAsync(url, "node-1", token);

        await Until.TrueAsync(() => agent.Ended is not null, "refused");
        agent.Ended!.StatusCode.ShouldBe(code, agent.Ended.Status.Detail);
        agents.View().Agents.Values.ShouldNotContain(facts => facts.Presence == AgentPresence.Connected);
        counted.Reasons.ShouldBe([reason]);
        _log.Lines.ShouldContain(line => line.StartsWith("Warning") && line.Contains(reason) && line.Contains("127.0.0.1"));
    }

    [Fact]
    public async Task Connect_AnotherNodesName_LeavesThatNodesStreamAlone()
    {
        var (url, agents, _) = await StartAsync();
        await using var honest = await ConnectAsync(url, "node-2", await TokenAsync("node-2", "two"));
        await Until.TrueAsync(() => honest.Current is not null, "a snapshot came");

        await using var thief = await ConnectAsync(url, "node-2", await TokenAsync("node-1", "one"));
        await Until.TrueAsync(() => thief.Ended is not null, "refused");

        thief.Current.ShouldBeNull("nothing of the cluster was told");
        honest.Ended.ShouldBeNull();
        agents.View().Agents["node-2"].Presence.ShouldBe(AgentPresence.Connected);
    }

    [Fact]
    public async Task Connect_ManyFailures_AreRefusedWithoutAskingTheApiServer()
    {
        var (url, _, app) = await StartAsync();
        using var counted = new Refusals(app);
        var credentials = new FakeCredentials(await BundleAsync(), "garbage-that-is-no-token");

        // Many at a time, as one after the other may be slower than what is allowed; again, as the first may all be asked about at once.
        await Until.TrueAsync(
            async () =>
            {
                await Task.WhenAll(Enumerable.Range(0, 3 * AttemptLimiter.Burst).Select(_ => FailAsync()));
                return counted.Reasons.Contains(nameof(ConnectionRefusal.TooManyAttempts));
            },
            () => "refused unasked");

        // And only for a while.
        await Until.TrueAsync(
            async () =>
            {
                await using var good = await ConnectAsync(url, "node-1", await TokenAsync("node-1"));
                await Until.TrueAsync(() => good.Ended is not null || good.Current is not null, "an answer");
                return good.Current is not null;
            },
            () => "served again");

        async Task FailAsync()
        {
            await using var bad = await FakeAgent.ConnectAsync(url, "node-1", credentials: credentials);
            await Until.TrueAsync(() => bad.Ended is not null, "refused");
        }
    }

    [Fact]
    public async Task Stream_PodDeleted_EndsWithTheNextReview()
    {
        var (url, _, app) = await StartAsync(options => options.TokenReviewInterval = TimeSpan.FromMilliseconds(200));
        using var counted = new Refusals(app);
        await using var agent = await ConnectAsync(url, "node-1", await TokenAsync("node-1", "short-lived"));
        await Until.TrueAsync(() => agent.Current is not null, "a snapshot came");

        await DeletePodAsync("short-lived");

        await Until.TrueAsync(() => agent.Ended is not null, "cut off");
        agent.Ended!.StatusCode.ShouldBe(StatusCode.Unauthenticated);
        counted.Reasons.ShouldBe([nameof(ConnectionRefusal.TokenRefused)]);
    }

    [Fact]
    public async Task Stream_NewerToken_IsTheOneThatIsReviewed()
    {
        var (url, _, app) = await StartAsync(options => options.TokenReviewInterval = TimeSpan.FromSeconds(1));
        using var counted = new Refusals(app);
        await using var agent = await ConnectAsync(url, "node-1", await TokenAsync("node-1", "first"));
        await Until.TrueAsync(() => agent.Current is not null, "a snapshot came");

        await agent.SendAsync(new AgentMessage { Credential = new Credential { Token = await TokenAsync("node-1", "second") } });
        var session = app.Services.GetRequiredService<AgentRegistry>();
        await DeletePodAsync("first");

        await Task.Delay(TimeSpan.FromSeconds(2.5), TimeProvider.System, Token);
        agent.Ended.ShouldBeNull("two reviews have passed");
        session.View().Agents["node-1"].Presence.ShouldBe(AgentPresence.Connected);
        counted.Reasons.ShouldBeEmpty();
    }

    [Fact]
    public async Task Stream_ApiServerAway_GoesOnAndNewOnesAreToldToWait()
    {
        var (url, _, app) = await StartAsync(options => options.TokenReviewInterval = TimeSpan.FromMilliseconds(200));
        using var counted = new Refusals(app);
        await using var agent = await ConnectAsync(url, "node-1", await TokenAsync("node-1", "one"));
        await Until.TrueAsync(() => agent.Current is not null, "a snapshot came");
        var (token, bundle) = (await TokenAsync("node-2", "two"), await BundleAsync());

        _cluster.ServerAway = true;
        try
        {
            await Until.TrueAsync(() => _log.Lines.Any(line => line.Contains("node-1") && line.Contains("could not be reviewed again")), "a review failed");
            await using var other = await ConnectAsync(url, "node-2", token, bundle);
            await Until.TrueAsync(() => other.Ended is not null, "told to wait");
            other.Ended!.StatusCode.ShouldBe(StatusCode.Unavailable);
            counted.Reasons.ShouldBe([nameof(ConnectionRefusal.NotReviewed)]);
            agent.Ended.ShouldBeNull();
        }
        finally
        {
            _cluster.ServerAway = false;
        }

        await Until.TrueAsync(
            async () =>
            {
                await using var again = await ConnectAsync(url, "node-2", token, bundle);
                await Until.TrueAsync(() => again.Ended is not null || again.Current is not null, "an answer");
                return again.Current is not null;
            },
            () => "served again");
        agent.Ended.ShouldBeNull();
    }

    [Fact]
    public async Task Certificate_Renewed_OldStreamsGoOnAndNewOnesSeeTheNewOne()
    {
        var (url, agents, app) = await StartAsync(options => options.CertificateLifetime = TimeSpan.FromSeconds(6));
        var certificate = app.Services.GetRequiredService<ServerCertificate>();
        await using var agent = await ConnectAsync(url, "node-1", await TokenAsync("node-1", "one"));
        await Until.TrueAsync(() => agent.Current is not null, "a snapshot came");
        var first = certificate.Current!;

        await Until.TrueAsync(() => certificate.Current!.NotAfter > first.NotAfter, "another certificate");
        await Until.TrueAsync(() => TimeProvider.System.GetUtcNow().UtcDateTime > first.NotAfter.ToUniversalTime(), "the first has expired");

        await using var later = await ConnectAsync(url, "node-2", await TokenAsync("node-2", "two"));
        await Until.TrueAsync(() => later.Current is not null, "a snapshot came over the new certificate");
        agent.Ended.ShouldBeNull();
        agents.View().Agents["node-1"].Presence.ShouldBe(AgentPresence.Connected);
    }

    [Fact]
    public async Task Authority_Rotated_AgentsConnectAtEveryMomentAndStreamsGoOn()
    {
        var (url, _, _) = await StartAsync(options => options.AuthorityOverlap = TimeSpan.FromSeconds(5));
        var before = await BundleAsync();
        await using var agent = await ConnectAsync(url, "node-1", await TokenAsync("node-1", "one"));
        await Until.TrueAsync(() => agent.Current is not null, "a snapshot came");
        var token = await TokenAsync("node-2", "two");
        var secret = (await _cluster.Client.GetAsync<V1Secret>("mooring-ca", "mooring-system", Token))!;
        secret.Metadata.Annotations = new Dictionary<string, string> { [AuthorityStore.RotateAnnotation] = "true" };
        await _cluster.Client.UpdateAsync(secret, Token);

        // Each connection trusts what the ConfigMap said a moment before, as that of a node whose kubelet is slow.
        var bundles = new List<string> { before };
        while (bundles.Count < 4)
        {
            await using var other = await ConnectAsync(url, "node-2", token, bundles[^1]);
            await Until.TrueAsync(() => other.Ended is not null || other.Current is not null, "an answer");
            other.Ended.ShouldBeNull($"with bundle {bundles.Count}");
            if (await BundleAsync() is var now && now != bundles[^1])
            {
                bundles.Add(now);
            }
        }

        bundles[1].ShouldStartWith(before);
        bundles[2].ShouldEndWith(before);
        bundles[3].ShouldNotContain(before);
        agent.Ended.ShouldBeNull();
        await using var old = await ConnectAsync(url, "node-2", token, before);
        await Until.TrueAsync(() => old.Ended is not null, "who trusts only the first one connects to nobody");
        var after = (await _cluster.Client.GetAsync<V1Secret>("mooring-ca", "mooring-system", Token))!;
        after.Metadata.Annotations?.Keys.ShouldNotContain(AuthorityStore.RotateAnnotation);
    }

    [Fact]
    public async Task Follower_OfALeader_ShowsACertificateOfTheSameAuthority()
    {
        var (leading, agents, _) = await StartAsync(leaderElect: true, identity: "leader");
        await using var agent = await ConnectAsync(leading, "node-1", await TokenAsync("node-1"));
        await Until.TrueAsync(() => agent.Current is not null, "a snapshot came");

        var (following, _, app) = await StartAsync(leaderElect: true, identity: "follower");
        await Until.TrueAsync(() => app.Services.GetRequiredService<ServerCertificate>().Current is not null, "a certificate");
        await using var refused = await ConnectAsync(following, "node-2", await TokenAsync("node-2", "two"));

        await Until.TrueAsync(() => refused.Ended is not null, "sent on");
        refused.Ended!.StatusCode.ShouldBe(StatusCode.Unavailable);
        refused.Ended.Status.Detail.ShouldContain("does not lead", Case.Insensitive, "it was understood, over TLS");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private async Task<(string Url, AgentRegistry Agents, Microsoft.AspNetCore.Builder.WebApplication App)> StartAsync(
        Action<ControllerOptions>? configure = null, bool leaderElect = false, string identity = "one")
    {
        var started = await _cluster.StartControllerAsync(
            identity,
            leaderElect,
            adoptionSeconds: 0,
            options =>
            {
                options.Listen = "https://127.0.0.1:0";
                options.Insecure = false;
                configure?.Invoke(options);
            },
            _log);
        if (identity != "follower")
        {
            await Until.TrueAsync(
                () => started.App.Services.GetRequiredService<ServerCertificate>().Current is not null
                    && started.Agents.Published is not null,
                "it has a certificate and serves");
        }

        return started;
    }

    private async Task<FakeAgent> ConnectAsync(string url, string node, string? token, string? bundle = null) =>
        await FakeAgent.ConnectAsync(
            url, node, $"10.70.0.1{node[^1]}", credentials: new FakeCredentials(bundle ?? await BundleAsync(), token));

    private async Task<string> TokenAsync(
        string node, string? pod = "agent", string account = "mooring-agent", string audience = "mooring")
    {
        var token = await _cluster.TokenAsync(node, pod, account, audience);
        _secrets.Add(token);
        return token;
    }

    private async Task<string> BundleAsync() =>
        (await _cluster.Client.GetAsync<V1ConfigMap>("mooring-ca", "mooring-system", Token))!.Data!["ca.crt"];

    private Task DeletePodAsync(string name) => _cluster.Client.DeleteAsync<V1Pod>(
        name, "mooring-system", new Mooring.Kubernetes.Client.DeleteOptions { GracePeriodSeconds = 0 }, Token);

    /// <summary>What a controller counts as refused.</summary>
    private sealed class Refusals : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<string> _reasons = [];

        public Refusals(Microsoft.AspNetCore.Builder.WebApplication app)
        {
            var meters = app.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "mooring_agent_connections_refused_total" && instrument.Meter.Scope == meters)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
            {
                lock (_reasons)
                {
                    _reasons.Add((string)tags[0].Value!);
                }
            });
            _listener.Start();
        }

        public IReadOnlyList<string> Reasons
        {
            get
            {
                lock (_reasons)
                {
                    return [.. _reasons];
                }
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
