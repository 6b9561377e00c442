using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Schema;

/// <summary>What a structural schema makes of values: refusals name the field.</summary>
public sealed class ValueTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    [Theory]
    [InlineData("\"size\":\"XL\"", "spec.size")]
    [InlineData("\"size\":5", "spec.size")]
    [InlineData("\"replicas\":-1", "spec.replicas")]
    [InlineData("\"replicas\":101", "spec.replicas")]
    [InlineData("\"replicas\":\"3\"", "spec.replicas")]
    [InlineData("\"replicas\":1.5", "spec.replicas")]
    [InlineData("\"color\":\"RED\"", "spec.color")]
    [InlineData("\"color\":\"a\"", "spec.color")]
    [InlineData("\"color\":\"abcdefghijk\"", "spec.color")]
    [InlineData("\"ratio\":0", "spec.ratio")]
    [InlineData("\"ratio\":0.7", "spec.ratio")]
    [InlineData("\"enabled\":\"true\"", "spec.enabled")]
    [InlineData("\"ports\":[{\"name\":\"a\"}]", "spec.ports[0].port")]
    [InlineData("\"ports\":[{\"port\":0}]", "spec.ports[0].port")]
    [InlineData("\"ports\":{\"port\":80}", "spec.ports")]
    [InlineData("\"ports\":[{\"port\":1},{\"port\":2},{\"port\":3},{\"port\":4},{\"port\":5}]", "spec.ports")]
    [InlineData("\"ports\":[{\"port\":1},{\"port\":1,\"protocol\":\"TCP\"}]", "spec.ports[1]")]
    [InlineData("\"tags\":[\"a\",\"b\",\"a\"]", "spec.tags[2]")]
    [InlineData("\"limits\":{\"a\":\"x\"}", "spec.limits.a")]
    [InlineData("\"limits\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4}", "spec.limits")]
    [InlineData("\"source\":{}", "spec.source")]
    [InlineData("\"source\":{\"a\":\"1\",\"b\":\"2\"}", "spec.source")]
    [InlineData("\"target\":true", "spec.target")]
    public async Task Create_ValueAgainstTheSchema_IsInvalid(string spec, string field) => (await CreateAsync(spec)).Refused(422, "Invalid", field);

    [Theory]
    [InlineData("address", "10.0.0.1", "10.0.0")]
    [InlineData("at", "2026-01-02T03:04:05Z", "yesterday")]
    [InlineData("blob", "eA==", "*")]
    [InlineData("uid", "123e4567-e89b-12d3-a456-426614174000", "123")]
    public async Task Create_Format_IsChecked(string field, string good, string bad)
    {
        (await CreateAsync($"\"{field}\":\"{bad}\"")).Refused(422, "Invalid", $"spec.{field}");
        (await CreateAsync($"\"{field}\":\"{good}\"")).Ok(201).Json.Text($"spec.{field}").ShouldBe(good);
    }

    [Theory]
    [InlineData("80", "80")]
    [InlineData("\"http\"", "\"http\"")]
    public async Task Create_IntOrString_KeepsItsType(string sent, string stored) =>
        (await CreateAsync($"\"target\":{sent}")).Ok(201)["spec.target"]!.ToJsonString().ShouldBe(stored);

    [Fact]
    public async Task Create_RequiredFieldMissing_IsInvalid() =>
        (await Api.PostAsync(Widgets.Collection, $$$"""{"apiVersion":"{{{Widgets.ApiVersion}}}","kind":"Widget","metadata":{"name":"{{{Name()}}}"}}"""))
            .Refused(422, "Invalid", "spec");

    [Fact]
    public async Task Create_SeveralFaults_AreAllNamed() =>
        (await CreateAsync("\"size\":\"XL\",\"replicas\":-1")).Refused(422, "Invalid", "spec.size", "spec.replicas");

    [Fact]
    public async Task Create_MetadataOfTheWrongType_IsRefused() =>
        (await CreateAsync("\"size\":\"S\"", "\"labels\":{\"a\":1}")).Code.ShouldBeOneOf(400, 422);

    [Fact]
    public async Task Update_ToAnInvalidValue_IsInvalidAndKeepsTheObject()
    {
        var made = (await CreateAsync("\"size\":\"M\"")).Ok(201);

        (await Api.MergeAsync(Widget, """{"spec":{"size":"XL"}}""")).Refused(422, "Invalid", "spec.size");
        (await Api.GetAsync(Widget)).Version.ShouldBe(made.Version);
    }

    [Fact]
    public async Task Rule_ThatDoesNotHold_IsInvalidWithItsMessage()
    {
        var refused = (await CreateAsync("\"color\":\"forbidden\"")).Refused(422, "Invalid", "spec");

        refused.Json.Text("message")!.ShouldContain("that color is forbidden");
    }

    [Fact]
    public async Task Rule_OfATransition_HoldsFromTheFirstUpdateOn()
    {
        (await CreateAsync("\"fixed\":\"a\"")).Ok(201);

        (await Api.MergeAsync(Widget, """{"spec":{"fixed":"b"}}""")).Refused(422, "Invalid", "spec.fixed");
        (await Api.MergeAsync(Widget, """{"spec":{"size":"L"}}""")).Ok(200);
    }
}
