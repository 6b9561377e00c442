using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Negotiation;

/// <summary>The table that kubectl prints from.</summary>
public sealed class TableTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    private const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

    [Fact]
    public async Task Table_OfAList_HasColumnsAndRows()
    {
        await MakeMapAsync(data: "\"a\":\"1\",\"b\":\"2\"");

        var table = (await Api.GetAsync($"{Maps}?{Selected}", Table)).Ok(200);

        table.Json.Text("kind").ShouldBe("Table");
        table.Json.Text("apiVersion").ShouldBe("meta.k8s.io/v1");
        Columns(table).ShouldBe(["Name", "Data", "Age"]);
        table.Json.Text("metadata.resourceVersion").ShouldNotBeNullOrEmpty();
        var row = table["rows"]!.AsArray().ShouldHaveSingleItem()!;
        row.Text("cells.0").ShouldBe(Name());
        ((int)row.At("cells.1")!).ShouldBe(2);
        row.Text("object.kind").ShouldBe("PartialObjectMetadata");
        row.Text("object.metadata.name").ShouldBe(Name());
    }

    [Fact]
    public async Task Table_OfOneObject_HasOneRow()
    {
        await MakeMapAsync();

        (await Api.GetAsync(Map(Name()), Table)).Ok(200)["rows"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Table_OfACustomResource_HasItsPrinterColumns()
    {
        (await CreateAsync("\"size\":\"L\",\"replicas\":3")).Ok(201);

        var table = (await Api.GetAsync(Widget, Table)).Ok(200);

        Columns(table).ShouldBe(["Name", "Size", "Replicas", "Note", "Age"]);
        table["columnDefinitions"]!.AsArray().Select(c => (int)c.At("priority")!).ShouldBe([0, 0, 0, 1, 0]);
        table["rows.0.cells"]!.AsArray().Take(3).Select(c => c!.ToJsonString()).ShouldBe([$"\"{Name()}\"", "\"L\"", "3"]);
        table["rows.0.cells.3"].ShouldBeNull();
    }

    [Theory]
    [InlineData("None", null)]
    [InlineData("Object", "ConfigMap")]
    [InlineData("Metadata", "PartialObjectMetadata")]
    public async Task Table_IncludeObject_IsHeeded(string include, string? kind)
    {
        await MakeMapAsync();

        var table = (await Api.GetAsync($"{Map(Name())}?includeObject={include}", Table)).Ok(200);

        table.Json.Text("rows.0.object.kind").ShouldBe(kind);
    }

    [Fact]
    public async Task Table_UnknownIncludeObject_IsABadRequest() => (await Api.GetAsync($"{Maps}?includeObject=Some", Table)).Refused(400, "BadRequest");

    [Fact]
    public async Task Table_OfAWatch_NamesItsColumnsOnce()
    {
        await MakeMapAsync(Name("a"));
        await MakeMapAsync(Name("b"));
        using var watch = await Api.WatchAsync($"{Maps}?watch=true&{Selected}", Table);

        var first = (await watch.NextAsync())!.Value.Object;
        var second = (await watch.NextAsync())!.Value.Object;

        first.Text("kind").ShouldBe("Table");
        first["columnDefinitions"]!.AsArray().Count.ShouldBe(3);
        (second["columnDefinitions"] as JsonArray ?? []).Count.ShouldBe(0);
        second["rows"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Table_OfAPagedList_CarriesContinue()
    {
        await MakeMapAsync(Name("a"));
        await MakeMapAsync(Name("b"));

        (await Api.GetAsync($"{Maps}?{Selected}&limit=1", Table)).Ok(200).Json.Text("metadata.continue").ShouldNotBeNullOrEmpty();
    }

    private static IEnumerable<string> Columns(Answer table) => table["columnDefinitions"]!.AsArray().Select(c => c.Text("name")!);
}
