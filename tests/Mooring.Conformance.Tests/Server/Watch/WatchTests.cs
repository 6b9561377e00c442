using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Watch;

public sealed class WatchTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    [Fact]
    public async Task Watch_FromAVersion_TellsWhatFollowsInOrder()
    {
        await MakeMapAsync(Name("before"));
        using var watch = await FromNowAsync();

        await MakeMapAsync(Name("a"));
        (await Api.MergeAsync(Map(Name("a")), """{"data":{"k":"2"}}""")).Ok();
        (await Api.DeleteAsync(Map(Name("a")))).Ok();

        (await watch.TakeAsync(3)).ShouldBe([$"ADDED {Name("a")}", $"MODIFIED {Name("a")}", $"DELETED {Name("a")}"]);
    }

    [Fact]
    public async Task Watch_WithoutAVersion_BeginsWithWhatIsThere()
    {
        await MakeMapAsync(Name("a"));
        await MakeMapAsync(Name("b"));
        using var watch = await Api.WatchAsync($"{Maps}?watch=true&{Selected}");

        (await watch.TakeAsync(2)).ShouldBe([$"ADDED {Name("a")}", $"ADDED {Name("b")}"], ignoreOrder: true);
        await MakeMapAsync(Name("c"));
        (await watch.NextTextAsync()).ShouldBe($"ADDED {Name("c")}");
    }

    [Fact]
    public async Task Watch_Events_CarryVersionsThatGrow()
    {
        using var watch = await FromNowAsync();
        var made = await MakeMapAsync();
        var changed = (await Api.MergeAsync(Map(Name()), """{"data":{"k":"2"}}""")).Ok();
        (await Api.DeleteAsync(Map(Name()))).Ok();

        var versions = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            versions.Add(long.Parse((await watch.NextAsync())!.Value.Object.Text("metadata.resourceVersion")!));
        }

        versions[..2].ShouldBe([long.Parse(made.Version), long.Parse(changed.Version)]);
        versions[2].ShouldBeGreaterThan(versions[1]);
    }

    [Fact]
    public async Task Watch_DeletedEvent_HoldsTheLastState()
    {
        await MakeMapAsync(data: "\"k\":\"last\"");
        using var watch = await FromNowAsync();

        (await Api.DeleteAsync(Map(Name()))).Ok();

        (await watch.NextAsync())!.Value.Object.Text("data.k").ShouldBe("last");
    }

    [Fact]
    public async Task Watch_ObjectThatStopsToMatch_IsDeletedAndComesBackAdded()
    {
        await MakeMapAsync();
        using var watch = await FromNowAsync();

        (await Api.MergeAsync(Map(Name()), """{"metadata":{"labels":{"case":"other"}}}""")).Ok();
        (await Api.MergeAsync(Map(Name()), """{"data":{"k":"unseen"}}""")).Ok();
        (await Api.MergeAsync(Map(Name()), $$$"""{"metadata":{"labels":{"case":"{{{Case}}}"}} }""")).Ok();

        var (type, last) = (await watch.NextAsync())!.Value;
        type.ShouldBe("DELETED");
        last.Text("metadata.labels.case").ShouldBe(Case, "the state that still matched");
        (await watch.NextTextAsync()).ShouldBe($"ADDED {Name()}");
    }

    [Fact]
    public async Task Watch_ByName_SeesThatObjectAlone()
    {
        var made = await MakeMapAsync(Name("a"));
        using var watch = await Api.WatchAsync($"{Maps}?watch=true&fieldSelector=metadata.name%3D{Name("b")}&resourceVersion={made.Version}");

        (await Api.MergeAsync(Map(Name("a")), """{"data":{"k":"2"}}""")).Ok();
        await MakeMapAsync(Name("b"));

        (await watch.NextTextAsync()).ShouldBe($"ADDED {Name("b")}");
    }

    [Fact]
    public async Task Watch_AllNamespaces_SeesOurs()
    {
        var version = (await Api.GetAsync(Maps)).Json.Text("metadata.resourceVersion");
        using var watch = await Api.WatchAsync($"api/v1/configmaps?watch=true&{Selected}&resourceVersion={version}");

        await MakeMapAsync();

        (await watch.NextTextAsync()).ShouldBe($"ADDED {Name()}");
    }

    [Fact]
    public async Task Watch_Timeout_EndsTheStreamInOrder()
    {
        using var watch = await FromNowAsync("&timeoutSeconds=1");

        (await watch.NextTextAsync()).ShouldBe("end");
    }

    [Fact]
    public async Task Watch_WithBookmarks_TellsTheVersionBeforeItEnds()
    {
        using var watch = await FromNowAsync("&timeoutSeconds=5&allowWatchBookmarks=true");
        var made = await MakeMapAsync();
        (await watch.NextTextAsync()).ShouldBe($"ADDED {Name()}");

        while (await watch.NextAsync(bookmarks: true) is { } next)
        {
            if (next.Type == "BOOKMARK")
            {
                next.Object.Text("kind").ShouldBe("ConfigMap");
                long.Parse(next.Object.Text("metadata.resourceVersion")!).ShouldBeGreaterThanOrEqualTo(long.Parse(made.Version));
                next.Object.Text("metadata.name").ShouldBeNullOrEmpty();
                return;
            }
        }

        Assert.Skip("the server sent no bookmark in five seconds, which it need not");
    }

    [Fact]
    public async Task Watch_VersionFromLongAgo_IsServedOrGone()
    {
        await MakeMapAsync();
        using var watch = await Api.WatchAsync($"{Maps}?watch=true&{Selected}&resourceVersion=1&timeoutSeconds=10");

        if (watch.Code == 410)
        {
            (await watch.RefusalAsync()).Refused(410, "Expired");
            return;
        }

        var (type, first) = (await watch.NextAsync())!.Value;
        if (type == "ERROR")
        {
            ((int)first["code"]!).ShouldBe(410);
            first.Text("reason").ShouldBeOneOf("Expired", "Gone");
            (await watch.NextTextAsync()).ShouldBe("end");
        }
        else
        {
            $"{type} {first.Text("metadata.name")}".ShouldBe($"ADDED {Name()}");
        }
    }

    [Fact]
    public async Task Watch_BadVersion_IsRefused()
    {
        using var watch = await Api.WatchAsync($"{Maps}?watch=true&resourceVersion=nonsense");

        watch.Code.ShouldBeOneOf(400, 422);
    }

    [Fact]
    public async Task Watch_CustomResources_IsServed()
    {
        var version = (await Api.GetAsync(Widgets.Collection)).Json.Text("metadata.resourceVersion");
        using var watch = await Api.WatchAsync($"{Widgets.Collection}?watch=true&{Selected}&resourceVersion={version}");

        (await CreateAsync("\"size\":\"M\"", $"\"labels\":{{\"case\":\"{Case}\"}}")).Ok(201);

        var (type, made) = (await watch.NextAsync())!.Value;
        type.ShouldBe("ADDED");
        made.Text("kind").ShouldBe("Widget");
        made.Text("spec.size").ShouldBe("M");
    }

    [Fact]
    public async Task Watch_ManyChanges_LosesAndInventsNothing()
    {
        using var watch = await FromNowAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
        {
            for (var i = 0; i < 25; i++)
            {
                await MakeMapAsync(Name($"w{writer}-{i}"));
            }
        }));

        var seen = await watch.TakeAsync(100);

        seen.Distinct().Count().ShouldBe(100);
        seen.ShouldAllBe(s => s.StartsWith("ADDED "));
    }

    private async Task<WatchStream> FromNowAsync(string query = "")
    {
        var version = (await Api.GetAsync($"{Maps}?limit=1")).Json.Text("metadata.resourceVersion");
        return await Api.WatchAsync($"{Maps}?watch=true&{Selected}&resourceVersion={version}{query}");
    }
}
