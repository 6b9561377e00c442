using System.Net;
using System.Text.Json;
using k8s;
using k8s.Models;
using Mooring.Conformance.Tests.Cluster;
using Mooring.Kubernetes.Client;

namespace Mooring.Conformance.Tests.Client;

public sealed class ObjectTests(ConformanceCluster cluster) : ClientTest(cluster)
{
    [Fact]
    public async Task Create_ThenGet_ReturnsWhatTheServerMadeOfIt()
    {
        var created = await Client.CreateAsync(NewMap(), Token);

        var read = (await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token))!;

        created.Metadata.Uid.ShouldNotBeNullOrEmpty();
        created.Metadata.CreationTimestamp.ShouldNotBeNull().Kind.ShouldBe(DateTimeKind.Utc);
        read.Metadata.ResourceVersion.ShouldBe(created.Metadata.ResourceVersion);
        read.Data!["k"].ShouldBe("v");
    }

    [Fact]
    public async Task Create_GenerateName_ReturnsTheName()
    {
        var map = NewMap();
        map.Metadata.Name = null;
        map.Metadata.GenerateName = Case + "-";

        (await Client.CreateAsync(map, Token)).Metadata.Name!.ShouldStartWith(Case + "-");
    }

    [Fact]
    public async Task Create_Twice_ThrowsAlreadyExists()
    {
        await Client.CreateAsync(NewMap(), Token);

        var fault = await Should.ThrowAsync<KubernetesException>(() => Client.CreateAsync(NewMap(), Token));

        fault.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        fault.Status.Reason.ShouldBe("AlreadyExists");
        fault.Status.Details!.Name.ShouldBe(Name());
    }

    [Fact]
    public async Task Create_InvalidObject_ThrowsNamingTheField()
    {
        var fault = await Should.ThrowAsync<KubernetesException>(() => Client.CreateAsync(NewMap("Not_Valid"), Token));

        fault.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        fault.Status.Details!.Causes!.ShouldContain(c => c.Field == "metadata.name");
    }

    [Fact]
    public async Task Create_InANamespaceThatIsNotThere_Throws()
    {
        var map = NewMap();
        map.Metadata.NamespaceProperty = Case;

        (await Should.ThrowAsync<KubernetesException>(() => Client.CreateAsync(map, Token))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Get_MissingObject_IsNull() => (await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token)).ShouldBeNull();

    [Fact]
    public async Task Get_KindThatIsNotServed_Throws() => (await Should.ThrowAsync<KubernetesException>(
        () => Client.GetAsync<Unserved>(Name(), Namespace, Token))).StatusCode.ShouldBe(HttpStatusCode.NotFound);

    [Fact]
    public async Task Update_StaleVersion_ThrowsConflict()
    {
        var stale = await Client.CreateAsync(NewMap(), Token);
        var fresh = (await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token))!;
        fresh.Data!["k"] = "2";
        await Client.UpdateAsync(fresh, Token);

        stale.Data!["k"] = "3";
        var fault = await Should.ThrowAsync<KubernetesException>(() => Client.UpdateAsync(stale, Token));

        fault.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        fault.Status.Reason.ShouldBe("Conflict");
    }

    [Fact]
    public async Task Update_FieldsNotModelled_SurviveTheRoundTrip()
    {
        var slice = KubernetesJson.Deserialize<V1EndpointSlice>($$$"""
            {"metadata":{"name":"{{{Name()}}}","namespace":"{{{Namespace}}}"},"addressType":"IPv4",
             "endpoints":[{"addresses":["10.0.0.1"],"hints":{"forZones":[{"name":"z"}]}}]}
            """)!;
        await Client.CreateAsync(slice, Token);
        var read = (await Client.GetAsync<V1EndpointSlice>(Name(), Namespace, Token))!;
        read.Metadata.Labels = new Dictionary<string, string> { ["x"] = "y" };

        await Client.UpdateAsync(read, Token);

        var now = (await Client.GetAsync<V1EndpointSlice>(Name(), Namespace, Token))!;
        now.Metadata.Labels!["x"].ShouldBe("y");
        now.Endpoints!.Single().ExtensionData!["hints"].GetProperty("forZones")[0].GetProperty("name").GetString().ShouldBe("z");
    }

    [Fact]
    public async Task UpdateStatus_ChangesTheStatusAlone()
    {
        var service = await Client.CreateAsync(NewService(), Token);
        service.Spec!.Ports![0].Port = 99;
        service.Status = new V1ServiceStatus { LoadBalancer = new V1LoadBalancerStatus { Ingress = [new V1LoadBalancerIngress { Ip = "192.0.2.1" }] } };

        await Client.UpdateStatusAsync(service, Token);

        var read = (await Client.GetAsync<V1Service>(Name(), Namespace, Token))!;
        read.Status!.LoadBalancer!.Ingress!.Single().Ip.ShouldBe("192.0.2.1");
        read.Spec!.Ports!.Single().Port.ShouldBe(80);
        read.Spec.Ports!.Single().TargetPort.ShouldBe("http");
    }

    [Fact]
    public async Task Patch_Merge_IsApplied()
    {
        await Client.CreateAsync(NewMap(), Token);

        var patched = await Client.PatchAsync<V1ConfigMap>(
            new V1Patch("""{"data":{"k":null,"m":"1"}}""", V1Patch.PatchType.MergePatch), Name(), Namespace, cancellationToken: Token);

        patched.Data.ShouldBe(new Dictionary<string, string> { ["m"] = "1" });
    }

    [Fact]
    public async Task Patch_Json_IsApplied()
    {
        await Client.CreateAsync(NewMap(), Token);

        var patched = await Client.PatchAsync<V1ConfigMap>(
            new V1Patch("""[{"op":"add","path":"/data/j","value":"2"}]""", V1Patch.PatchType.JsonPatch), Name(), Namespace, cancellationToken: Token);

        patched.Data!["j"].ShouldBe("2");
    }

    [Fact]
    public async Task Patch_OfStatus_IsApplied()
    {
        await Client.CreateAsync(NewService(), Token);

        var patched = await Client.PatchAsync<V1Service>(
            new V1Patch("""{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.2"}]}}}""", V1Patch.PatchType.MergePatch),
            Name(), Namespace, "status", Token);

        patched.Status!.LoadBalancer!.Ingress!.Single().Ip.ShouldBe("192.0.2.2");
    }

    [Fact]
    public async Task Patch_MissingObject_Throws() => (await Should.ThrowAsync<KubernetesException>(
        () => Client.PatchAsync<V1ConfigMap>(new V1Patch("{}", V1Patch.PatchType.MergePatch), Name(), Namespace, cancellationToken: Token)))
        .StatusCode.ShouldBe(HttpStatusCode.NotFound);

    [Fact]
    public async Task Apply_AnothersField_ThrowsNamingOwnerAndField()
    {
        await Client.ApplyAsync(NewMap(), "one", cancellationToken: Token);

        var fault = await Should.ThrowAsync<KubernetesException>(() => Client.ApplyAsync(NewMap(value: "other"), "two", cancellationToken: Token));
        var forced = await Client.ApplyAsync(NewMap(value: "other"), "two", force: true, cancellationToken: Token);

        fault.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        var cause = fault.Status.Details!.Causes!.ShouldHaveSingleItem();
        cause.Field.ShouldBe(".data.k");
        cause.Message!.ShouldContain("one");
        forced.Data!["k"].ShouldBe("other");
    }

    [Fact]
    public async Task Apply_ObjectThatWasRead_IsTakenWithoutItsManagedFields()
    {
        await Client.ApplyAsync(NewMap(), "one", cancellationToken: Token);
        var read = (await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token))!;
        read.Data!["more"] = "1";

        var applied = await Client.ApplyAsync(read, "one", cancellationToken: Token);

        applied.Data!.Keys.ShouldBe(["k", "more"], ignoreOrder: true);
    }

    [Fact]
    public async Task Delete_MissingObject_IsNoError() => await Client.DeleteAsync<V1ConfigMap>(Name(), Namespace, cancellationToken: Token);

    [Fact]
    public async Task Delete_UidOfAnother_Throws()
    {
        var created = await Client.CreateAsync(NewMap(), Token);

        var fault = await Should.ThrowAsync<KubernetesException>(
            () => Client.DeleteAsync<V1ConfigMap>(Name(), Namespace, new DeleteOptions { Uid = RandomUid() }, Token));
        await Client.DeleteAsync<V1ConfigMap>(Name(), Namespace, new DeleteOptions { Uid = created.Metadata.Uid }, Token);

        fault.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Delete_Foreground_MarksTheObject()
    {
        var map = NewMap();
        map.Metadata.Finalizers = ["conformance.mooring.dev/hold"];
        await Client.CreateAsync(map, Token);

        await Client.DeleteAsync<V1ConfigMap>(Name(), Namespace, new DeleteOptions { PropagationPolicy = "Foreground" }, Token);

        var marked = (await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token))!;
        marked.Metadata.DeletionTimestamp.ShouldNotBeNull();
        marked.Metadata.Finalizers!.ShouldContain("conformance.mooring.dev/hold");
    }

    [Fact]
    public async Task LargeObject_ComesBackWhole()
    {
        var text = string.Concat(Enumerable.Repeat("0123456789", 90_000));
        await Client.CreateAsync(NewMap(value: text), Token);

        (await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token))!.Data!["k"].ShouldBe(text);
    }

    [Fact]
    public async Task BinaryData_ComesBackAsItWas()
    {
        var bytes = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        var map = NewMap();
        map.BinaryData = new Dictionary<string, byte[]> { ["b"] = bytes };
        await Client.CreateAsync(map, Token);

        (await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token))!.BinaryData!["b"].ShouldBe(bytes);
    }

    [Fact]
    public async Task MicroTime_OfALease_ComesBackExactly()
    {
        var time = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddMicroseconds(678901);
        await Client.CreateAsync(
            new V1Lease { Metadata = Meta(), Spec = new V1LeaseSpec { HolderIdentity = "a", LeaseDurationSeconds = 15, RenewTime = time } }, Token);

        (await Client.GetAsync<V1Lease>(Name(), Namespace, Token))!.Spec!.RenewTime.ShouldBe(time);
    }

    [Fact]
    public async Task ManyAtOnce_OneClient_ServesThemAll()
    {
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Client.CreateAsync(NewMap(Name($"m{i}")), Token)));

        (await Client.ListAsync<V1ConfigMap>(Namespace, Selected, Token)).Items.Count.ShouldBe(60);
    }

    [KubernetesEntity(Group = "unserved.conformance.mooring.dev", ApiVersion = "v1", Kind = "Unserved", PluralName = "unserved")]
    private sealed class Unserved : IKubernetesObject<V1ObjectMeta>
    {
        public string? ApiVersion { get; set; }

        public string? Kind { get; set; }

        public V1ObjectMeta Metadata { get; set; } = new();

        public IDictionary<string, JsonElement>? ExtensionData { get; set; }
    }
}
