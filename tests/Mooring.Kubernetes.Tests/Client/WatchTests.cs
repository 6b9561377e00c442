using System.Net;
using System.Text;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Client;

public sealed class WatchTests : ClientTestBase
{
    [Fact]
    public async Task Watch_ChangesAndBookmarks_ComeInOrder()
    {
        var client = await ClientAsync(c => c.SendAsync(string.Join('\n',
            Answers.Event("ADDED", Answers.Pod("a", "11")),
            "",
            Answers.Event("MODIFIED", Answers.Pod("a", "12")),
            Answers.Event("BOOKMARK", """{"metadata":{"resourceVersion":"13","creationTimestamp":null}}"""),
            Answers.Event("DELETED", Answers.Pod("a", "14"))) + "\r\n"));

        var changes = await ReadAsync(client, new WatchOptions
        {
            ResourceVersion = "10",
            Timeout = TimeSpan.FromMinutes(5),
            FieldSelector = "spec.nodeName=n1",
        });

        changes.Select(c => (c.Type, c.Object.Metadata.ResourceVersion)).ShouldBe(
        [
            (WatchEventType.Added, "11"),
            (WatchEventType.Modified, "12"),
            (WatchEventType.Bookmark, "13"),
            (WatchEventType.Deleted, "14"),
        ]);
        Server.Requests.Single().Query.ShouldBe(
            "?watch=true&resourceVersion=10&allowWatchBookmarks=true&timeoutSeconds=300&fieldSelector=spec.nodeName%3Dn1");
    }

    [Fact]
    public async Task Watch_BytesInSmallPieces_AreJoined()
    {
        var bytes = Encoding.UTF8.GetBytes(
            Answers.Event("ADDED", Answers.Pod("a", "1", ",\"status\":{\"message\":\"größer ✓\"}")) + "\n"
            + Answers.Event("ADDED", Answers.Pod("b", "2")) + "\n");
        var client = await ClientAsync(async c =>
        {
            c.Response.ContentType = "application/json";
            foreach (var piece in bytes.Chunk(7))
            {
                await c.Response.Body.WriteAsync(piece);
                await c.Response.Body.FlushAsync();
            }
        });

        var changes = await ReadAsync(client);

        changes[0].Object.Status!.Message.ShouldBe("größer ✓");
        changes[1].Object.Metadata.Name.ShouldBe("b");
    }

    [Fact]
    public async Task Watch_ObjectBeforeType_IsRead()
    {
        var client = await ClientAsync(c => c.SendAsync(
            $$"""{"object":{{Answers.Pod("a", "1")}},"future":[{}],"type":"ADDED"}""" + "\n"));

        (await ReadAsync(client)).Single().Object.Metadata.Name.ShouldBe("a");
    }

    [Fact]
    public async Task Watch_GoneAsAnEvent_Throws410AfterWhatCameBefore()
    {
        var client = await ClientAsync(c => c.SendAsync(
            Answers.Event("ADDED", Answers.Pod("a", "1")) + "\n"
            + Answers.Event("ERROR", """{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}""")
            + "\n"));
        var seen = new List<WatchEvent<V1Pod>>();

        var fault = await Should.ThrowAsync<KubernetesException>(() => ReadAsync(client, into: seen));

        fault.StatusCode.ShouldBe(HttpStatusCode.Gone);
        fault.Status.Reason.ShouldBe("Expired");
        seen.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Watch_GoneAsAStatus_Throws410()
    {
        var client = await ClientAsync(c => c.StatusAsync(410, "Gone", "too old"));

        (await Should.ThrowAsync<KubernetesException>(() => ReadAsync(client))).StatusCode.ShouldBe(HttpStatusCode.Gone);
    }

    [Fact]
    public async Task Watch_CutWithinAnEvent_Throws()
    {
        var whole = Answers.Event("ADDED", Answers.Pod("a", "1"));
        var client = await ClientAsync(c => c.SendAsync(whole + "\n" + whole[..30]));

        (await Should.ThrowAsync<HttpRequestException>(() => ReadAsync(client)))
            .HttpRequestError.ShouldBe(HttpRequestError.ResponseEnded);
    }

    [Fact]
    public async Task Watch_ConnectionLost_Throws()
    {
        var client = await ClientAsync(async c =>
        {
            await c.SendAsync(Answers.Event("ADDED", Answers.Pod("a", "1")) + "\n");
            c.Abort();
        });

        (await Should.ThrowAsync<HttpRequestException>(() => ReadAsync(client)))
            .HttpRequestError.ShouldBe(HttpRequestError.ResponseEnded);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{"type":"ADDED"}""")]
    [InlineData("""{"type":"ADDED","object":null}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":null}}""")]
    [InlineData("""{"type":7,"object":{"metadata":{}}}""")]
    [InlineData("""{"type":"RENAMED","object":{"metadata":{}}}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"name":{}}}}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{}}} trailing""")]
    public async Task Watch_MalformedEvent_SaysSo(string line)
    {
        var client = await ClientAsync(c => c.SendAsync(line + "\n"));

        var fault = await Should.ThrowAsync<HttpRequestException>(() => ReadAsync(client));

        fault.HttpRequestError.ShouldBe(HttpRequestError.InvalidResponse);
        fault.Message.ShouldContain("/api/v1/namespaces/a/pods?watch=true");
    }

    [Fact]
    public async Task Watch_Cancelled_Ends()
    {
        using var stop = new CancellationTokenSource();
        var client = await ClientAsync(c => c.WatchAsync(Answers.Event("ADDED", Answers.Pod("a", "1"))));

        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.WatchAsync<V1Pod>("a", null, stop.Token))
            {
                await stop.CancelAsync();
            }
        });
    }

    [Fact]
    public async Task Watch_OutlivesTheRequestTimeout()
    {
        var time = new ManualTimeProvider();
        var later = new TaskCompletionSource();
        await ClientAsync(async c =>
        {
            await c.SendAsync(Answers.Event("ADDED", Answers.Pod("a", "1")) + "\n");
            await later.Task;
            await c.SendAsync(Answers.Event("ADDED", Answers.Pod("b", "2")) + "\n");
        });
        using var client = new KubernetesClient(
            new KubernetesClientConfiguration { Host = Server.Address }, new KubernetesClientOptions(), time);
        var seen = 0;

        await foreach (var _ in client.WatchAsync<V1Pod>("a"))
        {
            seen++;
            time.Advance(TimeSpan.FromMinutes(10));
            later.TrySetResult();
        }

        seen.ShouldBe(2);
    }

    private static async Task<List<WatchEvent<V1Pod>>> ReadAsync(
        KubernetesClient client, WatchOptions? options = null, List<WatchEvent<V1Pod>>? into = null)
    {
        into ??= [];
        await foreach (var change in client.WatchAsync<V1Pod>("a", options))
        {
            into.Add(change);
        }

        return into;
    }
}
