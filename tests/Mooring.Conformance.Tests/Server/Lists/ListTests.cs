using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Lists;

public sealed class ListTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    [Fact]
    public async Task List_Objects_ComeInOrderOfTheirNames()
    {
        await MakeManyAsync(5);

        var list = (await Api.GetAsync($"{Maps}?{Selected}")).Ok(200);

        list.Json.Text("kind").ShouldBe("ConfigMapList");
        list.Json.Text("apiVersion").ShouldBe("v1");
        list.Json.Text("metadata.resourceVersion").ShouldNotBeNullOrEmpty();
        list.Names.ShouldBe(Enumerable.Range(0, 5).Select(i => Name($"m{i}")));
    }

    [Fact]
    public async Task List_Empty_HasAnEmptyListOfItems()
    {
        var list = (await Api.GetAsync($"{Maps}?{Selected}")).Ok(200);

        list["items"]!.AsArray().Count.ShouldBe(0);
    }

    [Fact]
    public async Task List_NamespaceThatIsNotThere_IsEmpty() => (await Api.GetAsync($"api/v1/namespaces/{Case}/configmaps")).Ok(200).Items.ShouldBeEmpty();

    [Theory]
    [InlineData("tier=a", "0,1")]
    [InlineData("tier!=a", "2,3")]
    [InlineData("tier in (a,b)", "0,1,2")]
    [InlineData("tier notin (a,b)", "3")]
    [InlineData("tier", "0,1,2")]
    [InlineData("!tier", "3")]
    [InlineData("tier=a,odd", "1")]
    [InlineData("weight>1", "2,3")]
    [InlineData("weight<1", "0")]
    public async Task List_LabelSelector_Selects(string selector, string expected)
    {
        string?[] tiers = ["a", "a", "b", null];
        for (var i = 0; i < tiers.Length; i++)
        {
            var tier = tiers[i] is { } text ? $",\"tier\":\"{text}\"" : "";
            (await Api.PostAsync(Maps, $$$"""
                {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{Name($"m{i}")}}}","labels":{"case":"{{{Case}}}","weight":"{{{i}}}"{{{tier}}}{{{(i % 2 == 1 ? ",\"odd\":\"\"" : "")}}} }} }
                """)).Ok(201);
        }

        var list = (await Api.GetAsync($"{Maps}?labelSelector={Uri.EscapeDataString($"case={Case},{selector}")}")).Ok(200);

        list.Names.ShouldBe(expected.Split(',').Select(i => Name($"m{i}")));
    }

    [Theory]
    [InlineData("a==b==c")]
    [InlineData("a in b")]
    [InlineData("a=not valid")]
    public async Task List_BadLabelSelector_IsABadRequest(string selector) =>
        (await Api.GetAsync($"{Maps}?labelSelector={Uri.EscapeDataString(selector)}")).Refused(400, "BadRequest");

    [Fact]
    public async Task List_FieldSelector_SelectsByNameAndNamespace()
    {
        await MakeManyAsync(3);

        (await Api.GetAsync($"{Maps}?{Selected}&fieldSelector=metadata.name%3D{Name("m1")}")).Names.ShouldBe([Name("m1")]);
        (await Api.GetAsync($"{Maps}?{Selected}&fieldSelector=metadata.name!%3D{Name("m1")}")).Names.ShouldBe([Name("m0"), Name("m2")]);
        (await Api.GetAsync($"api/v1/configmaps?{Selected}&fieldSelector=metadata.namespace%3D{Namespace}")).Names.Count.ShouldBe(3);
        (await Api.GetAsync($"api/v1/configmaps?{Selected}&fieldSelector=metadata.namespace%3Ddefault")).Names.ShouldBeEmpty();
    }

    [Fact]
    public async Task List_FieldThatCannotBeSelected_IsABadRequest() => (await Api.GetAsync($"{Maps}?fieldSelector=data.k%3Dv")).Refused(400, "BadRequest");

    [Fact]
    public async Task List_SelectableFieldOfACustomResource_Selects()
    {
        foreach (var color in (string[])["red", "blue"])
        {
            (await Api.PostAsync(Widgets.Collection, Widgets.Json(Name(color), $"\"color\":\"{color}\""))).Ok(201);
        }

        var list = (await Api.GetAsync($"{Widgets.Collection}?fieldSelector=spec.color%3Dred")).Ok(200);

        list.Names.ShouldContain(Name("red"));
        list.Names.ShouldNotContain(Name("blue"));
        (await Api.GetAsync($"{Widgets.Collection}?fieldSelector=spec.size%3DS")).Refused(400, "BadRequest");
    }

    [Fact]
    public async Task List_AllNamespaces_HoldsOurs()
    {
        await MakeManyAsync(2);

        (await Api.GetAsync($"api/v1/configmaps?{Selected}")).Ok(200).Items.Select(i => i.Text("metadata.namespace")).ShouldBe([Namespace, Namespace]);
    }

    [Fact]
    public async Task List_CustomResources_NamesTheirListKind()
    {
        var list = (await Api.GetAsync(Widgets.Collection)).Ok(200);

        list.Json.Text("kind").ShouldBe("WidgetList");
        list.Json.Text("apiVersion").ShouldBe(Widgets.ApiVersion);
    }

    private async Task MakeManyAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await MakeMapAsync(Name($"m{i}"));
        }
    }
}
