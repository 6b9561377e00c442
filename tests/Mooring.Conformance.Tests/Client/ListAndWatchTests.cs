using System.Net;
using k8s.Models;
using Mooring.Conformance.Tests.Cluster;
using Mooring.Kubernetes.Client;

namespace Mooring.Conformance.Tests.Client;

public sealed class ListAndWatchTests(ConformanceCluster cluster) : ClientTest(cluster)
{
    [Fact]
    public async Task List_InPages_IsTheWholeList()
    {
        await MakeManyAsync(7);

        var paged = await Client.ListAsync<V1ConfigMap>(Namespace, Selected with { Limit = 2 }, Token);
        var whole = await Client.ListAsync<V1ConfigMap>(Namespace, Selected with { Limit = 0 }, Token);

        paged.Items.Select(m => m.Metadata.Name).ShouldBe(Enumerable.Range(0, 7).Select(i => Name($"m{i}")));
        whole.Items.Select(m => m.Metadata.Uid).ShouldBe(paged.Items.Select(m => m.Metadata.Uid));
        paged.ResourceVersion.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task List_Items_KnowTheirKind()
    {
        await MakeManyAsync(1);

        var item = (await Client.ListAsync<V1ConfigMap>(Namespace, Selected, Token)).Items.Single();

        item.Kind.ShouldBe("ConfigMap");
        item.ApiVersion.ShouldBe("v1");
    }

    [Fact]
    public async Task List_BySelectors_FindsThoseAlone()
    {
        await MakeManyAsync(3);

        var named = await Client.ListAsync<V1ConfigMap>(Namespace, Selected with { FieldSelector = $"metadata.name={Name("m1")}" }, Token);
        var none = await Client.ListAsync<V1ConfigMap>(Namespace, new ListOptions { LabelSelector = $"{Label},none" }, Token);

        named.Items.Single().Metadata.Name.ShouldBe(Name("m1"));
        none.Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task List_AllNamespaces_HoldsOurs()
    {
        await MakeManyAsync(2);

        (await Client.ListAsync<V1ConfigMap>(options: Selected, cancellationToken: Token)).Items.Select(m => m.Metadata.NamespaceProperty)
            .ShouldBe([Namespace, Namespace]);
    }

    [Fact]
    public async Task List_BadSelector_Throws() => (await Should.ThrowAsync<KubernetesException>(
        () => Client.ListAsync<V1ConfigMap>(Namespace, new ListOptions { LabelSelector = "a in" }, Token))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

    [Fact]
    public async Task Watch_FromAList_SeesWhatFollows()
    {
        await MakeManyAsync(1);
        var list = await Client.ListAsync<V1ConfigMap>(Namespace, Selected, Token);
        await Client.CreateAsync(NewMap(Name("after")), Token);
        await ChangeAsync(Name("after"), "2");
        await Client.DeleteAsync<V1ConfigMap>(Name("m0"), Namespace, cancellationToken: Token);

        var seen = await TakeAsync(3, new WatchOptions { ResourceVersion = list.ResourceVersion, LabelSelector = Label });

        seen.Select(c => $"{c.Type} {c.Object.Metadata.Name}").ShouldBe([$"Added {Name("after")}", $"Modified {Name("after")}", $"Deleted {Name("m0")}"]);
    }

    [Fact]
    public async Task Watch_ResumedFromAnEvent_RepeatsNothing()
    {
        var list = await Client.ListAsync<V1ConfigMap>(Namespace, Selected, Token);
        await MakeManyAsync(4);
        var options = new WatchOptions { ResourceVersion = list.ResourceVersion, LabelSelector = Label };
        var first = await TakeAsync(2, options);

        var rest = await TakeAsync(2, options with { ResourceVersion = first[^1].Object.Metadata.ResourceVersion });

        first.Concat(rest).Select(c => c.Object.Metadata.Name).ShouldBe(Enumerable.Range(0, 4).Select(i => Name($"m{i}")));
    }

    [Fact]
    public async Task Watch_Timeout_EndsByItself()
    {
        var list = await Client.ListAsync<V1ConfigMap>(Namespace, Selected, Token);

        await foreach (var change in Client.WatchAsync<V1ConfigMap>(
            Namespace, new WatchOptions { ResourceVersion = list.ResourceVersion, LabelSelector = Label, Timeout = TimeSpan.FromSeconds(1) }, Token))
        {
            change.Type.ShouldBe(WatchEventType.Bookmark);
        }
    }

    [Fact]
    public async Task Watch_Cancelled_Ends()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var reading = ReadAsync();
        await MakeManyAsync(1);

        await Should.ThrowAsync<OperationCanceledException>(() => reading.SoonAsync());

        async Task ReadAsync()
        {
            await foreach (var _ in Client.WatchAsync<V1ConfigMap>(Namespace, new WatchOptions { LabelSelector = Label }, stop.Token))
            {
                await stop.CancelAsync();
            }
        }
    }

    [Fact]
    public async Task Watch_VersionFromLongAgo_IsServedOrGone()
    {
        await MakeManyAsync(1);
        try
        {
            var first = await TakeAsync(1, new WatchOptions { ResourceVersion = "1", LabelSelector = Label });

            first.Single().Object.Metadata.Name.ShouldBe(Name("m0"));
        }
        catch (KubernetesException e)
        {
            e.StatusCode.ShouldBe(HttpStatusCode.Gone);
        }
    }

    [Fact]
    public async Task Version_OfTheServer_IsThere() => (await Client.GetVersionAsync(Token)).GitVersion.ShouldNotBeNull().ShouldStartWith("v1.");

    [Fact]
    public async Task GetRaw_Discovery_ListsGroups() => (await Client.GetRawAsync("apis", Token)).GetProperty("groups").EnumerateArray()
        .Select(g => g.GetProperty("name").GetString()).ShouldContain("coordination.k8s.io");

    private async Task<List<WatchEvent<V1ConfigMap>>> TakeAsync(int count, WatchOptions options)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Eventually.Patience);
        var seen = new List<WatchEvent<V1ConfigMap>>();
        await foreach (var change in Client.WatchAsync<V1ConfigMap>(Namespace, options, limit.Token))
        {
            if (change.Type != WatchEventType.Bookmark)
            {
                seen.Add(change);
            }

            if (seen.Count == count)
            {
                break;
            }
        }

        return seen;
    }

    private async Task MakeManyAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Client.CreateAsync(NewMap(Name($"m{i}")), Token);
        }
    }
}
