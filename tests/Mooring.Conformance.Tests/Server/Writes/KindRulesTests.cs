using System.Text;
using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Writes;

/// <summary>What the built-in kinds that Mooring works with do beyond their schemas.</summary>
public sealed class KindRulesTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    private string Service => Of("services", Name("svc"));

    private string Slices => $"apis/discovery.k8s.io/v1/namespaces/{Namespace}/endpointslices";

    [Fact]
    public async Task Secret_StringData_IsWrittenIntoData()
    {
        var made = (await Api.PostAsync(Of("secrets"), $$$"""
            {"apiVersion":"v1","kind":"Secret","metadata":{"name":"{{{Name()}}}"},"stringData":{"a":"secret"},"data":{"b":"eA=="}}
            """)).Ok(201);

        Encoding.UTF8.GetString(Convert.FromBase64String(made.Json.Text("data.a")!)).ShouldBe("secret");
        made.Json.Text("data.b").ShouldBe("eA==");
        made["stringData"].ShouldBeNull();
        made.Json.Text("type").ShouldBe("Opaque");
    }

    [Fact]
    public async Task Secret_DataThatIsNotBase64_IsABadRequest() => (await Api.PostAsync(Of("secrets"), $$$"""
        {"apiVersion":"v1","kind":"Secret","metadata":{"name":"{{{Name()}}}"},"data":{"a":"***"}}
        """)).Refused(400, "BadRequest");

    [Fact]
    public async Task Secret_TlsWithoutKey_IsInvalid() => (await Api.PostAsync(Of("secrets"), $$$"""
        {"apiVersion":"v1","kind":"Secret","metadata":{"name":"{{{Name()}}}"},"type":"kubernetes.io/tls","data":{"tls.crt":""}}
        """)).Refused(422, "Invalid", "data[tls.key]");

    [Fact]
    public async Task Secret_Type_DoesNotChange()
    {
        (await Api.PostAsync(Of("secrets"), $$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"{{{Name()}}}"},"type":"a.b/c"}""")).Ok(201);

        (await Api.MergeAsync(Of("secrets", Name()), """{"type":"d.e/f"}""")).Refused(422, "Invalid", "type");
    }

    [Fact]
    public async Task ConfigMap_KeyThatIsNoFileName_IsInvalid() =>
        (await Api.PostAsync(Maps, MapJson(Name(), "\"a/b\":\"x\""))).Refused(422, "Invalid", "data[a/b]");

    [Fact]
    public async Task Service_New_GetsAddressFamiliesAndPorts()
    {
        var made = (await MakeServiceAsync("\"ports\":[{\"port\":80}]")).Ok(201);

        made.Json.Text("spec.clusterIP").ShouldNotBeNullOrEmpty();
        made.Json.Text("spec.clusterIPs.0").ShouldBe(made.Json.Text("spec.clusterIP"));
        made["spec.ipFamilies"]!.AsArray().Count.ShouldBe(1);
        made.Json.Text("spec.type").ShouldBe("ClusterIP");
        made.Json.Text("spec.sessionAffinity").ShouldBe("None");
        made.Json.Text("spec.ports.0.protocol").ShouldBe("TCP");
        ((int)made["spec.ports.0.targetPort"]!).ShouldBe(80);
    }

    [Fact]
    public async Task Services_CreatedAtOnce_GetAddressesAndNodePortsOfTheirOwn()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Api.PostAsync(
            Of("services"),
            $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{Name($"s{i}")}}}"},"spec":{"type":"NodePort","ports":[{"port":80}]}}""")));

        made.Select(answer => answer.Ok(201).Json.Text("spec.clusterIP")).ShouldBeUnique();
        made.Select(answer => (int)answer["spec.ports.0.nodePort"]!).ShouldBeUnique();
    }

    [Fact]
    public async Task Service_Update_KeepsItsAddress()
    {
        var made = (await MakeServiceAsync("\"ports\":[{\"port\":80}]")).Ok(201);

        var next = made.Json;
        next["spec"] = new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["port"] = 81 }) };

        var updated = (await Api.PutAsync(Service, next.ToJsonString())).Ok(200);

        updated.Json.Text("spec.clusterIP").ShouldBe(made.Json.Text("spec.clusterIP"));
        (await Api.MergeAsync(Service, """{"spec":{"clusterIP":"None","clusterIPs":["None"]}}""")).Refused(422, "Invalid");
    }

    [Fact]
    public async Task Service_AddressOfAnother_IsInvalid()
    {
        var made = (await MakeServiceAsync("\"ports\":[{\"port\":80}]")).Ok(201);

        (await Api.PostAsync(Of("services"), $$$"""
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{Name("other")}}}"},"spec":{"clusterIP":"{{{made.Json.Text("spec.clusterIP")}}}","ports":[{"port":80}]}}
            """)).Refused(422, "Invalid", "spec.clusterIPs");
    }

    [Fact]
    public async Task Service_Headless_HasNoAddress() =>
        (await MakeServiceAsync("\"clusterIP\":\"None\"")).Ok(201).Json.Text("spec.clusterIP").ShouldBe("None");

    [Fact]
    public async Task Service_NodePort_IsAllocatedAndGivenBack()
    {
        var made = (await MakeServiceAsync("\"type\":\"NodePort\",\"ports\":[{\"port\":80}]")).Ok(201);
        ((int)made["spec.ports.0.nodePort"]!).ShouldBeGreaterThan(0);

        var back = (await Api.MergeAsync(Service, """{"spec":{"type":"ClusterIP"}}""")).Ok(200);

        back["spec.ports.0.nodePort"].ShouldBeNull();
    }

    [Fact]
    public async Task Service_LoadBalancer_StartsPending()
    {
        var made = (await MakeServiceAsync("\"type\":\"LoadBalancer\",\"loadBalancerClass\":\"conformance.mooring.dev/none\",\"ports\":[{\"port\":80}]")).Ok(201);

        made["status.loadBalancer"]!.AsObject().Count.ShouldBe(0);
        ((bool?)made["spec.allocateLoadBalancerNodePorts"]).ShouldBe(true);
        (await Api.MergeAsync(Service, """{"spec":{"loadBalancerClass":"conformance.mooring.dev/other"}}""")).Refused(422, "Invalid", "spec.loadBalancerClass");
    }

    [Fact]
    public async Task Service_LocalTrafficPolicy_HasAHealthCheckNodePortWhileItIsSo()
    {
        var made = (await MakeServiceAsync(
            "\"type\":\"LoadBalancer\",\"loadBalancerClass\":\"conformance.mooring.dev/none\",\"externalTrafficPolicy\":\"Local\",\"ports\":[{\"port\":80}]")).Ok(201);
        var port = (int)made["spec.healthCheckNodePort"]!;
        port.ShouldBeGreaterThan(0);
        port.ShouldNotBe((int)made["spec.ports.0.nodePort"]!);
        (await Api.MergeAsync(Service, """{"spec":{"ports":[{"port":81}]}}""")).Ok(200)["spec.healthCheckNodePort"]!.ToString().ShouldBe($"{port}");
        (await Api.MergeAsync(Service, $$$"""{"spec":{"healthCheckNodePort":{{{port + 1}}}}}""")).Refused(422, "Invalid", "spec.healthCheckNodePort");

        var back = (await Api.MergeAsync(Service, """{"spec":{"externalTrafficPolicy":"Cluster"}}""")).Ok(200);

        back["spec.healthCheckNodePort"].ShouldBeNull();
        (await Api.MergeAsync(Service, """{"spec":{"healthCheckNodePort":30999}}""")).Refused(422, "Invalid", "spec.healthCheckNodePort");
    }

    [Theory]
    [InlineData("\"ports\":[]", "spec.ports")]
    [InlineData("\"ports\":[{\"port\":0}]", "spec.ports[0].port")]
    [InlineData("\"ports\":[{\"port\":80},{\"name\":\"b\",\"port\":81}]", "spec.ports[0].name")]
    [InlineData("\"ports\":[{\"name\":\"a\",\"port\":80},{\"name\":\"a\",\"port\":81}]", "spec.ports[1].name")]
    [InlineData("\"ports\":[{\"port\":80,\"protocol\":\"ICMP\"}]", "spec.ports[0].protocol")]
    public async Task Service_BadPorts_AreInvalid(string spec, string field) => (await MakeServiceAsync(spec)).Refused(422, "Invalid", field);

    [Fact]
    public async Task EndpointSlice_AddressType_IsRequiredAndStays()
    {
        (await Api.PostAsync(Slices, SliceJson("null", "\"10.0.0.1\""))).Code.ShouldBe(422);
        (await Api.PostAsync(Slices, SliceJson("\"IPv4\"", "\"10.0.0.1\""))).Ok(201);

        (await Api.MergeAsync($"{Slices}/{Name()}", """{"addressType":"IPv6","endpoints":[{"addresses":["fd00::1"]}]}""")).Refused(422, "Invalid", "addressType");
    }

    [Fact]
    public async Task EndpointSlice_AddressOfAnotherFamily_IsInvalid() =>
        (await Api.PostAsync(Slices, SliceJson("\"IPv4\"", "\"fd00::1\""))).Refused(422, "Invalid", "endpoints[0].addresses[0]");

    [Fact]
    public async Task EndpointSlice_Change_CountsItsGeneration()
    {
        var made = (await Api.PostAsync(Slices, SliceJson("\"IPv4\"", "\"10.0.0.1\""))).Ok(201);

        var changed = (await Api.MergeAsync($"{Slices}/{Name()}", """{"endpoints":[{"addresses":["10.0.0.2"]}]}""")).Ok(200);

        ((long)changed["metadata.generation"]!).ShouldBe((long)made["metadata.generation"]! + 1);
    }

    [Theory]
    [InlineData("\"leaseDurationSeconds\":0", "spec.leaseDurationSeconds")]
    [InlineData("\"leaseTransitions\":-1", "spec.leaseTransitions")]
    public async Task Lease_BadNumbers_AreInvalid(string spec, string field) =>
        (await Api.PostAsync($"apis/coordination.k8s.io/v1/namespaces/{Namespace}/leases", $$$"""
            {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"{{{Name()}}}"},"spec":{ {{{spec}}} }}
            """)).Refused(422, "Invalid", field);

    [Fact]
    public async Task Namespace_New_IsActiveAndCarriesItsName()
    {
        var found = (await Api.GetAsync($"api/v1/namespaces/{Namespace}")).Ok(200);

        found.Json.Text("status.phase").ShouldBe("Active");
        found.Json.Text("metadata.labels[kubernetes.io/metadata.name]").ShouldBe(Namespace);
        found["spec.finalizers"]!.AsArray().Select(f => (string?)f).ShouldBe(["kubernetes"]);
    }

    private Task<Answer> MakeServiceAsync(string spec) => Api.PostAsync(Of("services"), ServiceJson(spec));

    private string ServiceJson(string spec) => $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{Name("svc")}}}"},"spec":{ {{{spec}}} }}""";

    private string SliceJson(string type, string address) => $$$"""
        {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"{{{Name()}}}"},"addressType":{{{type}}},"endpoints":[{"addresses":[{{{address}}}]}]}
        """;
}
