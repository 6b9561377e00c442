using System.Net;
using System.Net.Sockets;
using k8s;
using k8s.Authentication;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Client;

/// <summary>What comes back when the other side is ill, slow, or no API server at all.</summary>
public sealed class ClientFaultTests : ClientTestBase
{
    private static readonly V1ConfigMap Map = new()
    {
        Metadata = new V1ObjectMeta { Name = "m", NamespaceProperty = "a" },
    };

    [Fact]
    public async Task Create_TooManyRequests_IsSentAgain()
    {
        var client = await ClientAsync((c, n) =>
        {
            c.Response.Headers.RetryAfter = "0";
            return n < 2 ? c.StatusAsync(429, "TooManyRequests", "later") : c.JsonAsync("""{"metadata":{"name":"m"}}""");
        });

        (await client.CreateAsync(Map)).Metadata.Name.ShouldBe("m");

        Server.Requests.Count.ShouldBe(3);
        Server.Requests.Select(r => r.Body).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Get_TooManyRequestsForEver_GivesUpAfterItsRetries()
    {
        var client = await ClientAsync(c => c.StatusAsync(429, "TooManyRequests", "later"));

        var fault = await Should.ThrowAsync<KubernetesException>(() => client.GetAsync<V1Node>("n"));

        fault.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        Server.Requests.Count.ShouldBe(1 + Fast.MaxRetries);
    }

    [Fact]
    public async Task Get_ServerError_IsSentAgain()
    {
        var client = await ClientAsync((c, n) => n == 0
            ? c.StatusAsync(500, "InternalError", "etcd has no leader")
            : c.JsonAsync("""{"metadata":{"name":"n"}}"""));

        (await client.GetAsync<V1Node>("n")).ShouldNotBeNull();
    }

    [Fact]
    public async Task Create_ServerErrorWithoutRetryAfter_IsNotSentAgain()
    {
        var client = await ClientAsync(c => c.StatusAsync(500, "InternalError", "may have been done"));

        await Should.ThrowAsync<KubernetesException>(() => client.CreateAsync(Map));

        Server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Create_ServerErrorWithRetryAfter_IsSentAgain()
    {
        var client = await ClientAsync((c, n) =>
        {
            c.Response.Headers.RetryAfter = n == 0 ? "0" : default;
            return n == 0 ? c.StatusAsync(503, "ServiceUnavailable", "starting") : c.JsonAsync("""{"metadata":{}}""");
        });

        await client.CreateAsync(Map);

        Server.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Get_RetryAfterBeyondTheCap_IsLeftToTheCaller()
    {
        var client = await ClientAsync(c =>
        {
            c.Response.Headers.RetryAfter = "3600";
            return c.StatusAsync(429, "TooManyRequests", "much later");
        });

        var fault = await Should.ThrowAsync<KubernetesException>(() => client.GetAsync<V1Node>("n"));

        fault.RetryAfter.ShouldBe(TimeSpan.FromHours(1));
        Server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Get_NotImplemented_IsNotSentAgain()
    {
        var client = await ClientAsync(c => c.StatusAsync(501, "NotImplemented", "no such feature"));

        (await Should.ThrowAsync<KubernetesException>(() => client.GetAsync<V1Node>("n"))).Message.ShouldBe("no such feature");

        Server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Get_HtmlPage_SaysWhatCameInstead()
    {
        var client = await ClientAsync(c => c.HtmlAsync(200));

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync<V1Node>("n"));

        fault.HttpRequestError.ShouldBe(HttpRequestError.InvalidResponse);
        fault.Message.ShouldContain("expected JSON from a Kubernetes API server");
        fault.Message.ShouldContain("text/html '<html><body><h1>Please log in</h1></body></html>'");
    }

    [Fact]
    public async Task Create_HtmlError_IsAKubernetesExceptionThatShowsIt()
    {
        var client = await ClientAsync(c => c.HtmlAsync(403));

        var fault = await Should.ThrowAsync<KubernetesException>(() => client.CreateAsync(Map));

        fault.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        fault.Message.ShouldContain("Please log in");
    }

    [Fact]
    public async Task Get_Redirect_IsNotFollowed()
    {
        var client = await ClientAsync(c =>
        {
            c.Response.Redirect("http://127.0.0.1:1/elsewhere");
            return Task.CompletedTask;
        });

        (await Should.ThrowAsync<KubernetesException>(() => client.GetAsync<V1Node>("n")))
            .StatusCode.ShouldBe(HttpStatusCode.Redirect);
    }

    [Fact]
    public async Task Get_MalformedJson_SaysWhichRequest()
    {
        var client = await ClientAsync(c => c.JsonAsync("""{"metadata":{"name":"n",}}"""));

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync<V1Node>("n"));

        fault.HttpRequestError.ShouldBe(HttpRequestError.InvalidResponse);
        fault.Message.ShouldStartWith("GET /api/v1/nodes/n:");
        Server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Get_JsonNestedTenThousandDeep_IsRefused()
    {
        var deep = new string('[', 10_000) + new string(']', 10_000);
        var client = await ClientAsync(c => c.JsonAsync($$$"""{"metadata":{"name":"n"},"x":{{{deep}}}}"""));

        (await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync<V1Node>("n")))
            .HttpRequestError.ShouldBe(HttpRequestError.InvalidResponse);
    }

    [Fact]
    public async Task Get_AnswerCutShort_IsSentAgain()
    {
        var client = await ClientAsync(async (c, n) =>
        {
            if (n == 0)
            {
                await c.SendAsync("""{"metadata":{"name":""");
                c.Abort();
            }
            else
            {
                await c.JsonAsync("""{"metadata":{"name":"n"}}""");
            }
        });

        (await client.GetAsync<V1Node>("n"))!.Metadata.Name.ShouldBe("n");
    }

    [Fact]
    public async Task Create_AnswerCutShort_IsNotSentAgain()
    {
        var client = await ClientAsync(async c =>
        {
            await c.SendAsync("""{"metadata":{"name":""");
            c.Abort();
        });

        (await Should.ThrowAsync<HttpRequestException>(() => client.CreateAsync(Map)))
            .HttpRequestError.ShouldBe(HttpRequestError.ResponseEnded);
        Server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Get_ServerThatNeverAnswers_TimesOut()
    {
        var client = await ClientAsync(
            c => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, c.RequestAborted),
            new KubernetesClientOptions { RequestTimeout = TimeSpan.FromMilliseconds(200) });

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync<V1Node>("n"));

        fault.Message.ShouldContain("within 0.2 s");
        fault.InnerException.ShouldBeOfType<TimeoutException>();
    }

    [Fact]
    public async Task Get_Cancelled_ThrowsThatAndNothingElse()
    {
        using var stop = new CancellationTokenSource();
        var client = await ClientAsync(async c =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, c.RequestAborted);
        });

        await Should.ThrowAsync<OperationCanceledException>(() => client.GetAsync<V1Node>("n", cancellationToken: stop.Token));
    }

    [Fact]
    public async Task Get_NobodyListens_Throws()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var client = Connect(new KubernetesClientConfiguration { Host = new Uri($"http://{taken.LocalEndPoint}") });

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync<V1Node>("n"));

        fault.HttpRequestError.ShouldBe(HttpRequestError.ConnectionError);
        fault.Message.ShouldStartWith($"GET /api/v1/nodes/n: http://{taken.LocalEndPoint}/ cannot be reached: ");
    }

    [Fact]
    public async Task Get_NameThatNobodyHas_SaysWhich()
    {
        var client = Connect(new KubernetesClientConfiguration { Host = new Uri("https://api.mooring.invalid:6443") });

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync<V1Node>("n"));

        fault.Message.ShouldContain("https://api.mooring.invalid:6443/ cannot be reached");
    }

    [Fact]
    public async Task Get_TokenReplacedInItsFile_IsReadAgainAfter401()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "old\n");
            await ClientAsync(c => c.Request.Headers.Authorization == "Bearer new"
                ? c.JsonAsync("""{"metadata":{"name":"n"}}""")
                : c.StatusAsync(401, "Unauthorized", "who are you"));
            var client = Connect(new KubernetesClientConfiguration
            {
                Host = Server.Address,
                TokenProvider = new FileTokenProvider(file, TimeProvider.System),
            });
            await Should.ThrowAsync<KubernetesException>(() => client.GetAsync<V1Node>("n"));

            await File.WriteAllTextAsync(file, "new\n");
            (await client.GetAsync<V1Node>("n")).ShouldNotBeNull();

            Server.Requests.Select(r => r.Authorization).ShouldBe(
                ["Bearer old", "Bearer old", "Bearer old", "Bearer new"], ignoreOrder: true);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Get_ClientSideRate_SpreadsRequests()
    {
        var time = new ManualTimeProvider();
        await ClientAsync(c => c.JsonAsync("""{"metadata":{"name":"n"}}"""));
        using var client = new KubernetesClient(
            new KubernetesClientConfiguration { Host = Server.Address },
            new KubernetesClientOptions { QueriesPerSecond = 10, Burst = 2 },
            time);

        var requests = Enumerable.Range(0, 3).Select(_ => client.GetAsync<V1Node>("n")).ToList();
        await Eventually.TrueAsync(() => requests.Count(r => r.IsCompletedSuccessfully) == 2);
        await Eventually.SettleAsync();
        Server.Requests.Count.ShouldBe(2);

        time.Advance(TimeSpan.FromMilliseconds(100));
        await Task.WhenAll(requests).SoonAsync();
    }
}
