using System.Net;
using System.Text.Json;
using k8s;
using k8s.Models;
using Mooring.Kubernetes.Client;

namespace Mooring.Kubernetes.Tests.Server;

public sealed class ClientOnServerTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private readonly KubernetesClient _client = server.Client;

    [Fact]
    public async Task GetVersion_OfAServer_IsThere()
    {
        (await _client.GetVersionAsync()).GitVersion.ShouldNotBeNull().ShouldStartWith("v1.");
    }

    [Fact]
    public async Task Create_ThenGet_ReturnsWhatTheServerMadeOfIt()
    {
        var ns = await server.NamespaceAsync();

        var created = await _client.CreateAsync(Map(ns, "a"));
        var read = (await _client.GetAsync<V1ConfigMap>("a", ns))!;

        created.Metadata.Uid.ShouldNotBeNullOrEmpty();
        created.Metadata.CreationTimestamp.ShouldNotBeNull().Kind.ShouldBe(DateTimeKind.Utc);
        read.Metadata.ResourceVersion.ShouldBe(created.Metadata.ResourceVersion);
        read.Data!["k"].ShouldBe("v");
        (await _client.GetAsync<V1ConfigMap>("none", ns)).ShouldBeNull();
    }

    [Fact]
    public async Task Create_Twice_IsAConflict()
    {
        var ns = await server.NamespaceAsync();
        await _client.CreateAsync(Map(ns, "a"));

        var fault = await Should.ThrowAsync<KubernetesException>(() => _client.CreateAsync(Map(ns, "a")));

        fault.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        fault.Status.Reason.ShouldBe("AlreadyExists");
    }

    [Fact]
    public async Task Create_InvalidName_IsRefusedNamingTheField()
    {
        var ns = await server.NamespaceAsync();

        var fault = await Should.ThrowAsync<KubernetesException>(() => _client.CreateAsync(Map(ns, "Not_Valid")));

        fault.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        fault.Status.Details!.Causes!.ShouldContain(cause => cause.Field == "metadata.name");
    }

    [Fact]
    public async Task Update_StaleVersion_IsAConflict()
    {
        var ns = await server.NamespaceAsync();
        var stale = await _client.CreateAsync(Map(ns, "a"));
        var fresh = (await _client.GetAsync<V1ConfigMap>("a", ns))!;
        fresh.Data!["k"] = "2";
        await _client.UpdateAsync(fresh);

        stale.Data!["k"] = "3";
        var fault = await Should.ThrowAsync<KubernetesException>(() => _client.UpdateAsync(stale));

        fault.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        fault.Status.Reason.ShouldBe("Conflict");
    }

    [Fact]
    public async Task Update_FieldsNotModelled_AreKept()
    {
        var ns = await server.NamespaceAsync();
        var pod = KubernetesJson.Deserialize<V1Pod>(
            $$$"""
            {"metadata":{"name":"p","namespace":"{{{ns}}}"},
             "spec":{"containers":[{"name":"c","image":"i","env":[{"name":"A","value":"1"}]}],"schedulerName":"mine"}}
            """)!;
        await _client.CreateAsync(pod);

        var read = (await _client.GetAsync<V1Pod>("p", ns))!;
        read.Metadata.Labels = new Dictionary<string, string> { ["x"] = "y" };
        var updated = await _client.UpdateAsync(read);

        updated.Spec!.ExtensionData!["schedulerName"].GetString().ShouldBe("mine");
        updated.Spec.Containers!.Single().ExtensionData!["env"][0].GetProperty("value").GetString().ShouldBe("1");
    }

    [Fact]
    public async Task UpdateStatus_ChangesTheStatusAndNothingElse()
    {
        var ns = await server.NamespaceAsync();
        var service = await _client.CreateAsync(new V1Service
        {
            Metadata = new V1ObjectMeta { Name = "s", NamespaceProperty = ns },
            Spec = new V1ServiceSpec
            {
                Type = "LoadBalancer",
                Ports = [new V1ServicePort { Port = 80, TargetPort = "http" }],
            },
        });

        service.Spec!.Ports![0].Port = 81;
        service.Status = new V1ServiceStatus
        {
            LoadBalancer = new V1LoadBalancerStatus { Ingress = [new V1LoadBalancerIngress { Ip = "10.0.0.1" }] },
        };
        await _client.UpdateStatusAsync(service);

        var read = (await _client.GetAsync<V1Service>("s", ns))!;
        read.Status!.LoadBalancer!.Ingress!.Single().Ip.ShouldBe("10.0.0.1");
        read.Spec!.Ports!.Single().Port.ShouldBe(80);
        read.Spec.Ports!.Single().TargetPort.ShouldBe("http");
    }

    [Fact]
    public async Task Patch_MergeAndJson_AreBothApplied()
    {
        var ns = await server.NamespaceAsync();
        await _client.CreateAsync(Map(ns, "a"));

        await _client.PatchAsync<V1ConfigMap>(
            new V1Patch("""{"data":{"k":null,"m":"1"}}""", V1Patch.PatchType.MergePatch), "a", ns);
        var patched = await _client.PatchAsync<V1ConfigMap>(
            new V1Patch("""[{"op":"add","path":"/data/j","value":"2"}]""", V1Patch.PatchType.JsonPatch), "a", ns);

        patched.Data.ShouldBe(new Dictionary<string, string> { ["m"] = "1", ["j"] = "2" }, ignoreOrder: true);
    }

    [Fact]
    public async Task Apply_TwoManagers_ConflictUntilForced()
    {
        var ns = await server.NamespaceAsync();
        await _client.ApplyAsync(Map(ns, "a"), "one");

        var fault = await Should.ThrowAsync<KubernetesException>(() => _client.ApplyAsync(Map(ns, "a", "other"), "two"));
        var forced = await _client.ApplyAsync(Map(ns, "a", "other"), "two", force: true);

        fault.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        fault.Message.ShouldContain("one");
        forced.Data!["k"].ShouldBe("other");
    }

    [Fact]
    public async Task Apply_FieldLeftOut_IsRemoved()
    {
        var ns = await server.NamespaceAsync();
        var map = Map(ns, "a");
        map.Data!["extra"] = "x";
        await _client.ApplyAsync(map, "one");

        var read = (await _client.GetAsync<V1ConfigMap>("a", ns))!;
        read.Data!.Remove("extra");
        read.Metadata.ResourceVersion = null;
        var applied = await _client.ApplyAsync(read, "one");

        applied.Data.ShouldNotBeNull().Keys.ShouldBe(["k"]);
    }

    [Fact]
    public async Task Delete_WithTheUidOfAnother_IsRefused()
    {
        var ns = await server.NamespaceAsync();
        var created = await _client.CreateAsync(Map(ns, "a"));

        var fault = await Should.ThrowAsync<KubernetesException>(
            () => _client.DeleteAsync<V1ConfigMap>("a", ns, new DeleteOptions { Uid = "00000000-0000-0000-0000-000000000000" }));
        await _client.DeleteAsync<V1ConfigMap>("a", ns, new DeleteOptions { Uid = created.Metadata.Uid });
        await _client.DeleteAsync<V1ConfigMap>("a", ns);

        fault.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await _client.GetAsync<V1ConfigMap>("a", ns)).ShouldBeNull();
    }

    [Fact]
    public async Task List_InPagesAndBySelectors_FindsTheSame()
    {
        var ns = await server.NamespaceAsync();
        for (var i = 0; i < 7; i++)
        {
            var map = Map(ns, $"m{i}");
            map.Metadata.Labels = new Dictionary<string, string> { ["parity"] = i % 2 == 0 ? "even" : "odd" };
            await _client.CreateAsync(map);
        }

        var paged = await _client.ListAsync<V1ConfigMap>(ns, new ListOptions { Limit = 2, LabelSelector = "parity" });
        var odd = await _client.ListAsync<V1ConfigMap>(ns, new ListOptions { LabelSelector = "parity in (odd)" });
        var named = await _client.ListAsync<V1ConfigMap>(ns, new ListOptions { FieldSelector = "metadata.name=m3" });

        paged.Items.Select(m => m.Metadata.Name).ShouldBe(["m0", "m1", "m2", "m3", "m4", "m5", "m6"], ignoreOrder: true);
        odd.Items.Count.ShouldBe(3);
        named.Items.Single().Kind.ShouldBe("ConfigMap");
        paged.ResourceVersion.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Watch_FromAList_SeesWhatFollowsAndBookmarks()
    {
        var ns = await server.NamespaceAsync();
        await _client.CreateAsync(Map(ns, "before"));
        var list = await _client.ListAsync<V1ConfigMap>(ns);
        await _client.CreateAsync(Map(ns, "after"));
        await _client.DeleteAsync<V1ConfigMap>("before", ns);

        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var seen = new List<string>();
        await foreach (var change in _client.WatchAsync<V1ConfigMap>(
            ns, new WatchOptions { ResourceVersion = list.ResourceVersion }, stop.Token))
        {
            if (change.Type != WatchEventType.Bookmark)
            {
                seen.Add($"{change.Type} {change.Object.Metadata.Name}");
            }
            else if (seen.Count >= 2)
            {
                break;
            }
        }

        seen.ShouldBe(["Added after", "Deleted before"]);
    }

    [Fact]
    public async Task Watch_Timeout_EndsByItself()
    {
        var ns = await server.NamespaceAsync();
        var list = await _client.ListAsync<V1ConfigMap>(ns);

        await foreach (var change in _client.WatchAsync<V1ConfigMap>(
            ns, new WatchOptions { ResourceVersion = list.ResourceVersion, Timeout = TimeSpan.FromSeconds(1) }))
        {
            change.Type.ShouldBe(WatchEventType.Bookmark);
        }
    }

    [Fact]
    public async Task Get_WrongToken_IsUnauthorized()
    {
        using var stranger = new KubernetesClient(new KubernetesClientConfiguration
        {
            Host = server.Configuration.Host,
            SslCaCerts = server.Configuration.SslCaCerts,
            TokenProvider = new WrongToken(),
        });

        (await Should.ThrowAsync<KubernetesException>(() => stranger.GetAsync<V1Node>("n")))
            .StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task GetRaw_Discovery_ListsGroups()
    {
        var groups = await _client.GetRawAsync("apis");

        groups.GetProperty("groups").EnumerateArray().Select(g => g.GetProperty("name").GetString())
            .ShouldContain("coordination.k8s.io");
    }

    private static V1ConfigMap Map(string ns, string name, string value = "v") => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns },
        Data = new Dictionary<string, string> { ["k"] = value },
    };

    private sealed class WrongToken : k8s.Authentication.ITokenProvider
    {
        public ValueTask<System.Net.Http.Headers.AuthenticationHeaderValue?> GetAuthenticationHeaderAsync(
            CancellationToken cancellationToken) => ValueTask.FromResult<System.Net.Http.Headers.AuthenticationHeaderValue?>(
            new("Bearer", "wrong"));

        public void Invalidate()
        {
            // It has no better one.
        }
    }
}
