using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Watch;

/// <summary>Streaming lists: a watch that begins with the present state and marks its end.</summary>
public sealed class InitialEventsTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    private const string Streaming = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

    [Theory]
    [InlineData("")]
    [InlineData("&resourceVersion=0")]
    public async Task Watch_InitialEvents_EndInAMarkedBookmark(string version)
    {
        await MakeMapAsync(Name("a"));
        var last = await MakeMapAsync(Name("b"));
        using var watch = await OpenAsync(version);

        var (names, bookmark) = await UntilMarkedAsync(watch);

        // From any version the server may be a little behind; from none it is not.
        if (version.Length == 0)
        {
            names.ShouldBe([Name("a"), Name("b")], ignoreOrder: true);
            long.Parse(bookmark.Text("metadata.resourceVersion")!).ShouldBeGreaterThanOrEqualTo(long.Parse(last.Version));
        }

        bookmark.Text("kind").ShouldBe("ConfigMap");
    }

    [Fact]
    public async Task Watch_AfterTheMark_GoesOnWithChanges()
    {
        await MakeMapAsync(Name("a"));
        using var watch = await OpenAsync();
        await UntilMarkedAsync(watch);

        await MakeMapAsync(Name("b"));

        (await watch.NextTextAsync()).ShouldBe($"ADDED {Name("b")}");
    }

    [Fact]
    public async Task Watch_InitialEventsOfAVersion_HoldThatWrite()
    {
        var made = await MakeMapAsync();
        using var watch = await OpenAsync($"&resourceVersion={made.Version}");

        (await UntilMarkedAsync(watch)).Names.ShouldBe([Name()]);
    }

    [Fact]
    public async Task Watch_InitialEventsWithoutMatch_IsInvalid()
    {
        using var watch = await Api.WatchAsync($"{Maps}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true");

        (await watch.RefusalAsync()).Refused(422, "Invalid", "resourceVersionMatch");
    }

    [Fact]
    public async Task Watch_MatchWithoutInitialEvents_IsInvalid()
    {
        using var watch = await Api.WatchAsync($"{Maps}?watch=true&resourceVersion=1&resourceVersionMatch=NotOlderThan");

        (await watch.RefusalAsync()).Refused(422, "Invalid", "resourceVersionMatch");
    }

    [Fact]
    public async Task Watch_NoInitialEventsWanted_TellsChangesAlone()
    {
        await MakeMapAsync(Name("a"));
        using var watch = await Api.WatchAsync($"{Maps}?watch=true&{Selected}&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
        await SkipUnlessServedAsync(watch);

        await MakeMapAsync(Name("b"));

        (await watch.NextTextAsync()).ShouldBe($"ADDED {Name("b")}");
    }

    private async Task<WatchStream> OpenAsync(string version = "")
    {
        var watch = await Api.WatchAsync($"{Maps}?{Streaming}&{Selected}{version}");
        await SkipUnlessServedAsync(watch);
        return watch;
    }

    private static async Task SkipUnlessServedAsync(WatchStream watch)
    {
        if (watch.Code == 422)
        {
            Assert.Skip($"this cluster serves no streaming lists: {(await watch.RefusalAsync()).Json.Text("message")}");
        }
    }

    private static async Task<(List<string> Names, JsonNode Bookmark)> UntilMarkedAsync(WatchStream watch)
    {
        var names = new List<string>();
        while (true)
        {
            var (type, found) = (await watch.NextAsync(bookmarks: true)).ShouldNotBeNull("the watch ended before the mark");
            if (type == "BOOKMARK" && found.Text("metadata.annotations[k8s.io/initial-events-end]") == "true")
            {
                return (names, found);
            }

            if (type == "ADDED")
            {
                names.Add(found.Text("metadata.name")!);
            }
        }
    }
}
