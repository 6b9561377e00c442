using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Writes;

public sealed class CreateTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    [Fact]
    public async Task Create_NewObject_Returns201WithTheServersFields()
    {
        var made = await MakeMapAsync();

        made.Uid.Length.ShouldBe(36);
        made.Version.ShouldNotBeEmpty();
        made["metadata.creationTimestamp"].ShouldNotBeNull();
        made.Json.Text("metadata.managedFields.0.manager").ShouldBe(RawApi.UserAgent);
    }

    [Fact]
    public async Task Create_ServersFieldsInTheBody_AreReplaced()
    {
        var uid = RandomUid();
        var made = await MakeMapAsync(metadata: $"\"uid\":\"{uid}\",\"creationTimestamp\":\"2001-01-01T00:00:00Z\",\"generation\":7");

        made.Uid.ShouldNotBe(uid);
        made.Json.Text("metadata.creationTimestamp")!.ShouldNotStartWith("2001");
    }

    [Fact]
    public async Task Create_SameNameAgain_IsAlreadyExists()
    {
        await MakeMapAsync();

        var again = (await Api.PostAsync(Maps, MapJson(Name()))).Refused(409, "AlreadyExists");

        again.Json.Text("details.name").ShouldBe(Name());
        again.Json.Text("details.kind").ShouldBe("configmaps");
    }

    [Fact]
    public async Task Create_GenerateName_AddsASuffixEachTime()
    {
        var body = $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"{{{Case}}}-"}}""";

        var one = (await Api.PostAsync(Maps, body)).Ok(201);
        var two = (await Api.PostAsync(Maps, body)).Ok(201);

        one.Name.ShouldStartWith(Case + "-");
        one.Name.Length.ShouldBe(Case.Length + 6);
        two.Name.ShouldNotBe(one.Name);
    }

    [Fact]
    public async Task Create_WithoutAnyName_IsInvalid() =>
        (await Api.PostAsync(Maps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}""")).Refused(422, "Invalid", "metadata.name");

    [Theory]
    [InlineData("Upper")]
    [InlineData("under_score")]
    [InlineData("-dash")]
    public async Task Create_NameThatIsNoSubdomain_IsInvalid(string name) =>
        (await Api.PostAsync(Maps, MapJson(name))).Refused(422, "Invalid", "metadata.name");

    [Fact]
    public async Task Create_WithAResourceVersion_IsRefused() =>
        ((int)(await Api.PostAsync(Maps, MapJson(Name(), metadata: "\"resourceVersion\":\"1\""))).Code).ShouldBeOneOf(400, 500);

    [Fact]
    public async Task Create_NamespaceOtherThanThePaths_IsRefused() =>
        (await Api.PostAsync(Maps, MapJson(Name(), metadata: "\"namespace\":\"default\""))).Refused(400, "BadRequest");

    [Fact]
    public async Task Create_InANamespaceThatIsNotThere_IsNotFound()
    {
        var refused = (await Api.PostAsync($"api/v1/namespaces/{Case}/configmaps", MapJson(Name()))).Refused(404, "NotFound");

        refused.Json.Text("details.kind").ShouldBe("namespaces");
    }

    [Fact]
    public async Task Create_AnotherKind_IsRefused() =>
        (await Api.PostAsync(Maps, $$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"{{{Name()}}}"}}""")).Refused(400, "BadRequest");

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"},\"data\":7}")]
    public async Task Create_BodyThatIsNoObjectOfTheKind_IsABadRequest(string body) =>
        (await Api.PostAsync(Maps, body)).Refused(400, "BadRequest");

    [Fact]
    public async Task Create_BodyOverThreeMebibytes_IsTooLarge() =>
        (await Api.PostAsync(Maps, MapJson(Name(), $"\"k\":\"{new string('x', (3 << 20) + 100)}\""))).Code.ShouldBe(413);

    [Fact]
    public async Task Create_YamlBody_IsRead()
    {
        var yaml = $"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {Name()}\ndata:\n  text: |\n    two\n    lines\n";

        var made = (await Api.SendAsync(HttpMethod.Post, Maps, yaml, "application/yaml")).Ok(201);

        made.Json.Text("data.text").ShouldBe("two\nlines\n");
    }

    [Fact]
    public async Task Create_UnknownContentType_IsUnsupported() =>
        (await Api.SendAsync(HttpMethod.Post, Maps, MapJson(Name()), "text/plain")).Refused(415, "UnsupportedMediaType");

    [Fact]
    public async Task Create_UnicodeAndEscapes_ComeBackAsSent()
    {
        var made = await MakeMapAsync(data: """ "k":"grüße \u0001 \"quoted\" 漢字 \ud83d\ude80 <&>" """);

        (await Api.GetAsync(Map(Name()))).Json.Text("data.k").ShouldBe("grüße \u0001 \"quoted\" 漢字 🚀 <&>");
        made.Json.Text("data.k").ShouldBe("grüße \u0001 \"quoted\" 漢字 🚀 <&>");
    }
}
