using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Lists;

/// <summary>limit, continue and the versions a list can be asked for.</summary>
public sealed class PageTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    [Fact]
    public async Task Pages_Together_AreTheList()
    {
        await MakeManyAsync(7);
        var seen = new List<string>();
        string? next = null;
        var versions = new HashSet<string>();

        do
        {
            var page = await PageAsync(3, next);
            page.Items.Count.ShouldBeLessThanOrEqualTo(3);
            seen.AddRange(page.Names);
            versions.Add(page.Version);
            next = page.Json.Text("metadata.continue");
        }
        while (!string.IsNullOrEmpty(next));

        seen.ShouldBe(Enumerable.Range(0, 7).Select(i => Name($"m{i}")));
        versions.ShouldHaveSingleItem("every page is of one version");
    }

    [Fact]
    public async Task Pages_WritesInBetween_DoNotShow()
    {
        await MakeManyAsync(4);
        var first = await PageAsync(2);
        await MakeMapAsync(Name("m9"));
        (await Api.DeleteAsync(Map(Name("m3")))).Ok();
        (await Api.MergeAsync(Map(Name("m2")), """{"data":{"k":"changed"}}""")).Ok();

        var second = await PageAsync(10, first.Json.Text("metadata.continue"));

        second.Names.ShouldBe([Name("m2"), Name("m3")]);
        second.Items[0].Text("data.k").ShouldBe("v");
        second.Version.ShouldBe(first.Version);
    }

    [Fact]
    public async Task Page_ThatHoldsAll_HasNoContinue()
    {
        await MakeManyAsync(2);

        var page = await PageAsync(2);

        page.Json.Text("metadata.continue").ShouldBeNullOrEmpty();
        page["metadata.remainingItemCount"].ShouldBeNull();
    }

    [Fact]
    public async Task Page_OfAnUnfilteredList_SaysHowManyRemain()
    {
        var ns = $"mooring-conformance-{Case}";
        await Cluster.MakeNamespaceAsync(ns);
        for (var i = 0; i < 5; i++)
        {
            (await Api.PostAsync($"api/v1/namespaces/{ns}/secrets", $$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s{{{i}}}"}}""")).Ok(201);
        }

        var page = (await Api.GetAsync($"api/v1/namespaces/{ns}/secrets?limit=2")).Ok(200);

        ((long)page["metadata.remainingItemCount"]!).ShouldBe(3);
        page.Json.Text("metadata.continue").ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task Page_OfASelectedList_DoesNotSayHowManyRemain()
    {
        await MakeManyAsync(3);

        (await PageAsync(1))["metadata.remainingItemCount"].ShouldBeNull();
    }

    [Fact]
    public async Task Continue_ThatIsNone_IsABadRequest() => (await Api.GetAsync($"{Maps}?limit=2&continue=nonsense")).Refused(400, "BadRequest");

    [Fact]
    public async Task Limit_ThatIsNoNumber_IsABadRequest() => (await Api.GetAsync($"{Maps}?limit=many")).Refused(400, "BadRequest");

    [Fact]
    public async Task Version_Exact_ListsThePast()
    {
        await MakeManyAsync(2);
        var version = (await Api.GetAsync($"{Maps}?{Selected}")).Json.Text("metadata.resourceVersion");
        await MakeMapAsync(Name("m9"));
        (await Api.DeleteAsync(Map(Name("m0")))).Ok();

        var past = (await Api.GetAsync($"{Maps}?{Selected}&resourceVersion={version}&resourceVersionMatch=Exact")).Ok(200);

        past.Names.ShouldBe([Name("m0"), Name("m1")]);
        past.Json.Text("metadata.resourceVersion").ShouldBe(version);
    }

    [Fact]
    public async Task Version_NotOlderThan_HoldsThatWrite()
    {
        var made = await MakeMapAsync();

        var list = (await Api.GetAsync($"{Maps}?{Selected}&resourceVersion={made.Version}&resourceVersionMatch=NotOlderThan")).Ok(200);

        list.Names.ShouldBe([Name()]);
        long.Parse(list.Json.Text("metadata.resourceVersion")!).ShouldBeGreaterThanOrEqualTo(long.Parse(made.Version));
    }

    [Fact]
    public async Task Version_Zero_IsServed() => (await Api.GetAsync($"{Maps}?resourceVersion=0")).Ok(200).Json.Text("kind").ShouldBe("ConfigMapList");

    [Fact]
    public async Task Version_OfTheFuture_TimesOut()
    {
        var now = long.Parse((await Api.GetAsync(Maps)).Json.Text("metadata.resourceVersion")!);

        var refused = (await Api.GetAsync($"{Maps}?resourceVersion={now + 1_000_000}&resourceVersionMatch=NotOlderThan")).Refused(504, "Timeout");

        refused.Json.Text("details.causes.0.reason").ShouldBe("ResourceVersionTooLarge");
    }

    [Theory]
    [InlineData("resourceVersionMatch=Exact")]
    [InlineData("resourceVersion=1&resourceVersionMatch=Newest")]
    [InlineData("resourceVersion=0&resourceVersionMatch=Exact")]
    public async Task Version_MatchThatMakesNoSense_IsInvalid(string query) =>
        (await Api.GetAsync($"{Maps}?{query}")).Refused(422, "Invalid", "resourceVersionMatch");

    [Fact]
    public async Task List_SendInitialEvents_IsForWatchesAlone() =>
        (await Api.GetAsync($"{Maps}?sendInitialEvents=true")).Refused(422, "Invalid", "sendInitialEvents");

    private async Task<Answer> PageAsync(int limit, string? next = null) =>
        (await Api.GetAsync($"{Maps}?{Selected}&limit={limit}{(next is null ? "" : "&continue=" + Uri.EscapeDataString(next))}")).Ok(200);

    private async Task MakeManyAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await MakeMapAsync(Name($"m{i}"));
        }
    }
}
