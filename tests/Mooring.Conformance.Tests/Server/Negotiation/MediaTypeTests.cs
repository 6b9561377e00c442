using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Negotiation;

public sealed class MediaTypeTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    private const string Partial = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    private const string PartialList = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

    [Theory]
    [InlineData("application/json")]
    [InlineData("*/*")]
    [InlineData("application/*")]
    [InlineData("text/html;q=0.9,application/json;q=0.5")]
    public async Task Get_JsonAmongTheAccepted_IsJson(string accept) =>
        (await Api.GetAsync($"api/v1/namespaces/{Namespace}", accept)).Ok(200).ContentType!.MediaType.ShouldBe("application/json");

    [Fact]
    public async Task Get_Yaml_IsYaml()
    {
        await MakeMapAsync();

        var answer = (await Api.GetAsync(Map(Name()), "application/yaml")).Ok(200);

        answer.ContentType!.MediaType.ShouldBe("application/yaml");
        answer.Text.Split('\n').ShouldContain("kind: ConfigMap");
        answer.Text.Split('\n').ShouldContain($"  name: {Name()}");
    }

    [Fact]
    public async Task CustomResource_ProtobufAlone_IsNotAcceptable() =>
        (await Api.GetAsync(Widgets.Collection, "application/vnd.kubernetes.protobuf")).Code.ShouldBe(406);

    [Fact]
    public async Task CustomResource_ProtobufOrJson_IsJson() =>
        (await Api.GetAsync(Widgets.Collection, "application/vnd.kubernetes.protobuf,application/json")).Ok(200).ContentType!.MediaType.ShouldBe("application/json");

    [Fact]
    public async Task Builtin_ProtobufAlone_IsServedOrNotAcceptable() =>
        (await Api.GetAsync(Maps, "application/vnd.kubernetes.protobuf")).Code.ShouldBeOneOf(200, 406);

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/xml")]
    public async Task Get_NothingWeSpeak_IsNotAcceptable(string accept) => (await Api.GetAsync(Maps, accept)).Refused(406, "NotAcceptable");

    [Fact]
    public async Task CustomResource_ProtobufBody_IsUnsupported() =>
        (await Api.SendAsync(HttpMethod.Post, Widgets.Collection, "k8s\0", "application/vnd.kubernetes.protobuf")).Code.ShouldBe(415);

    [Fact]
    public async Task CustomResource_StrategicPatch_IsUnsupported()
    {
        (await CreateAsync("\"size\":\"S\"")).Ok(201);

        (await Api.StrategicAsync(Widget, """{"spec":{"size":"M"}}""")).Refused(415, "UnsupportedMediaType");
    }

    [Fact]
    public async Task PartialMetadata_OfAnObject_IsItsMetadata()
    {
        await MakeMapAsync();

        var partial = (await Api.GetAsync(Map(Name()), Partial)).Ok(200);

        partial.Json.Text("kind").ShouldBe("PartialObjectMetadata");
        partial.Json.Text("apiVersion").ShouldBe("meta.k8s.io/v1");
        partial.Name.ShouldBe(Name());
        partial["data"].ShouldBeNull();
    }

    [Fact]
    public async Task PartialMetadata_OfAList_IsAListOfMetadata()
    {
        await MakeMapAsync();

        var partial = (await Api.GetAsync($"{Maps}?{Selected}", PartialList)).Ok(200);

        partial.Json.Text("kind").ShouldBe("PartialObjectMetadataList");
        partial.Names.ShouldBe([Name()]);
        partial.Items[0]["data"].ShouldBeNull();
    }

    [Fact]
    public async Task PartialMetadata_OfAWatch_IsTheMetadata()
    {
        await MakeMapAsync();
        using var watch = await Api.WatchAsync($"{Maps}?watch=true&{Selected}", Partial);

        var (type, found) = (await watch.NextAsync())!.Value;

        type.ShouldBe("ADDED");
        found.Text("kind").ShouldBe("PartialObjectMetadata");
        found["data"].ShouldBeNull();
    }

    [Fact]
    public async Task PartialMetadata_ListFormOfOneObject_IsNotAcceptable()
    {
        await MakeMapAsync();

        (await Api.GetAsync(Map(Name()), PartialList)).Code.ShouldBe(406);
        (await Api.GetAsync(Maps, Partial)).Code.ShouldBe(406);
    }

    [Fact]
    public async Task UnknownForm_WithPlainJsonBehindIt_IsPlainJson() =>
        (await Api.GetAsync(Maps, "application/json;as=Poem;v=v1;g=meta.k8s.io,application/json")).Ok(200).Json.Text("kind").ShouldBe("ConfigMapList");
}
