using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Schema;

/// <summary>Pruning, defaulting and nulls.</summary>
public sealed class DefaultingTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    [Fact]
    public async Task Create_FieldsLeftOut_GetTheirDefaults()
    {
        var made = (await CreateAsync("\"ports\":[{\"port\":80}]")).Ok(201);

        made.Json.Text("spec.size").ShouldBe("S");
        ((int)made["spec.replicas"]!).ShouldBe(1);
        made.Json.Text("spec.ports.0.protocol").ShouldBe("TCP");
    }

    [Fact]
    public async Task Create_NullWithADefault_GetsTheDefault() =>
        (await CreateAsync("\"size\":null")).Ok(201).Json.Text("spec.size").ShouldBe("S");

    [Fact]
    public async Task Create_NullWhereNullable_StaysNull()
    {
        var made = (await CreateAsync("\"note\":null")).Ok(201);

        made.Json.Has("spec", "note").ShouldBeTrue();
        made["spec.note"].ShouldBeNull();
    }

    [Fact]
    public async Task Create_NullWhereNeither_IsDropped() =>
        (await CreateAsync("\"plain\":null")).Ok(201).Json.Has("spec", "plain").ShouldBeFalse();

    [Fact]
    public async Task Update_DefaultRemoved_ComesBack()
    {
        (await CreateAsync("\"size\":\"L\"")).Ok(201);

        (await Api.MergeAsync(Widget, """{"spec":{"size":null}}""")).Ok(200).Json.Text("spec.size").ShouldBe("S");
    }

    [Fact]
    public async Task Create_UnknownFields_ArePruned()
    {
        var made = (await CreateAsync("\"unknown\":1,\"ports\":[{\"port\":80,\"unknown\":1}]", rest: "\"extra\":{}")).Ok(201);

        made["spec.unknown"].ShouldBeNull();
        made.Json.Has("spec.ports.0", "unknown").ShouldBeFalse();
        made["extra"].ShouldBeNull();
    }

    [Fact]
    public async Task Create_PreservedUnknownFields_AreKept()
    {
        var made = (await CreateAsync("\"raw\":{\"known\":1,\"any\":{\"deep\":[1,\"two\",null]}}")).Ok(201);

        made["spec.raw.any"]!.ToJsonString().ShouldBe("""{"deep":[1,"two",null]}""");
    }

    [Fact]
    public async Task Create_KnownFieldInsidePreserved_IsStillChecked() =>
        (await CreateAsync("\"raw\":{\"known\":\"x\"}")).Refused(422, "Invalid", "spec.raw.known");

    [Fact]
    public async Task Create_EmbeddedObject_NeedsKindAndVersion()
    {
        (await CreateAsync("\"template\":{\"kind\":\"\",\"apiVersion\":\"v1\",\"data\":{}}")).Refused(422, "Invalid", "spec.template.kind");
        (await CreateAsync("\"template\":{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"},\"data\":{\"a\":\"b\"}}")).Ok(201)
            .Json.Text("spec.template.data.a").ShouldBe("b");
    }

    [Fact]
    public async Task Create_Generation_CountsTheSpecAlone()
    {
        var made = (await CreateAsync("\"size\":\"S\"")).Ok(201);
        ((long)made["metadata.generation"]!).ShouldBe(1);

        ((long)(await Api.MergeAsync(Widget, """{"metadata":{"labels":{"a":"b"}}}""")).Ok()["metadata.generation"]!).ShouldBe(1);
        ((long)(await Api.MergeAsync(Widgets.Path(Name(), "status"), """{"status":{"phase":"x"}}""")).Ok()["metadata.generation"]!).ShouldBe(1);
        ((long)(await Api.MergeAsync(Widget, """{"spec":{"size":"L"}}""")).Ok()["metadata.generation"]!).ShouldBe(2);
    }

    [Fact]
    public async Task Update_WithoutAVersion_IsRefused()
    {
        (await CreateAsync("\"size\":\"S\"")).Ok(201);

        (await Api.PutAsync(Widget, Json("\"size\":\"M\""))).Refused(422, "Invalid", "metadata.resourceVersion");
    }

    [Fact]
    public async Task LargeNumbers_ComeBackExactly()
    {
        var made = (await CreateAsync("\"limits\":{\"a\":9007199254740993,\"b\":-9223372036854775808}")).Ok(201);

        made["spec.limits.a"]!.ToJsonString().ShouldBe("9007199254740993");
        made["spec.limits.b"]!.ToJsonString().ShouldBe("-9223372036854775808");
    }
}
