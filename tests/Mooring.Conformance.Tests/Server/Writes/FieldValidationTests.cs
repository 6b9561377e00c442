using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Writes;

public sealed class FieldValidationTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    private const string Unknown = "\"size\":\"S\",\"sise\":\"M\"";

    [Fact]
    public async Task Create_StrictUnknownField_IsRefused()
    {
        var refused = (await Api.PostAsync(Maps + "?fieldValidation=Strict", MapBody("\"datum\":{}"))).Refused(400, "BadRequest");

        refused.Json.Text("message")!.ShouldContain("datum");
        (await Api.GetAsync(Map(Name()))).Code.ShouldBe(404);
    }

    [Fact]
    public async Task Create_UnknownFieldByDefault_WarnsAndIsDropped()
    {
        var made = (await Api.PostAsync(Maps, MapBody("\"datum\":{}"))).Ok(201);

        made.Warnings.ShouldContain(w => w.StartsWith("299 ") && w.Contains("unknown field") && w.Contains("datum"));
        made["datum"].ShouldBeNull();
    }

    [Fact]
    public async Task Create_UnknownFieldIgnored_SaysNothing() =>
        (await Api.PostAsync(Maps + "?fieldValidation=Ignore", MapBody("\"datum\":{}"))).Ok(201).Warnings.ShouldBeEmpty();

    [Fact]
    public async Task Create_StrictDuplicateField_IsRefused() =>
        (await Api.PostAsync(Maps + "?fieldValidation=Strict", MapBody("\"data\":{\"a\":\"1\"},\"data\":{\"b\":\"2\"}"))).Refused(400, "BadRequest");

    [Fact]
    public async Task Create_UnknownMode_IsInvalid() =>
        (await Api.PostAsync(Maps + "?fieldValidation=Maybe", MapBody("\"data\":{}"))).Refused(422, "Invalid", "fieldValidation");

    [Fact]
    public async Task CustomResource_StrictUnknownField_IsRefused()
    {
        var refused = (await CreateAsync(Unknown, query: "?fieldValidation=Strict")).Refused(400, "BadRequest");

        refused.Json.Text("message")!.ShouldContain("spec.sise");
    }

    [Fact]
    public async Task CustomResource_UnknownFieldByDefault_WarnsAndIsPruned()
    {
        var made = (await CreateAsync(Unknown)).Ok(201);

        made.Warnings.ShouldContain(w => w.Contains("unknown field \\\"spec.sise\\\""));
        made["spec.sise"].ShouldBeNull();
    }

    [Fact]
    public async Task Patch_StrictUnknownField_IsRefused()
    {
        (await CreateAsync("\"size\":\"S\"")).Ok(201);

        (await Api.MergeAsync(Widget + "?fieldValidation=Strict", """{"spec":{"sise":"M"}}""")).Code.ShouldBeOneOf(400, 422);
        (await Api.GetAsync(Widget))["spec.sise"].ShouldBeNull();
    }

    private string MapBody(string rest) => $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{Name()}}}"},{{{rest}}} }""";
}
