using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Mooring.Benchmarks.Kube;

/// <summary>
/// Lists and watches of pods from bytes made beforehand, in a process of its own: what is measured is who reads them.
/// A watch sends its changes once it is told to go.
/// </summary>
internal sealed class KubeServer
{
    public const string Verb = "kube-server";
    public const int Objects = 10_000;
    public const int Changes = 20_000;

    private static readonly byte[] End = Encoding.ASCII.GetBytes($$$$"""
        {"metadata":{"resourceVersion":"{{{{Objects}}}}","annotations":{"k8s.io/initial-events-end":"true"}}}
        """);

    private static readonly byte[] Comma = ","u8.ToArray();
    private static readonly byte[] ListEnd = "]}"u8.ToArray();

    private readonly byte[][] _objects = [.. Enumerable.Range(0, Objects).Select(i => Pods.Json(i, i + 1))];
    private readonly byte[] _initial;
    private readonly byte[] _changes;
    private TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private KubeServer()
    {
        _initial = Lines(_objects.Select(pod => Line("ADDED", pod)).Append(Line("BOOKMARK", End)));
        _changes = Lines(Enumerable.Range(0, Changes).Select(
            i => Line("MODIFIED", Pods.Json(i % Objects, Objects + 1 + i))));
    }

    public static async Task<int> RunAsync(string[] arguments)
    {
        var server = new KubeServer();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = arguments });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        await using var app = builder.Build();
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        Console.WriteLine(app.Services.GetRequiredService<IServer>().Features
            .GetRequiredFeature<IServerAddressesFeature>().Addresses.First());

        // The end of standard input is the end of whoever started this.
        await Console.In.ReadToEndAsync();
        return 0;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var query = context.Request.Query;
        context.Response.ContentType = "application/json";
        if (context.Request.Path == "/go")
        {
            _go.TrySetResult();
        }
        else if (context.Request.Path.Value!.EndsWith("endpointslices", StringComparison.Ordinal))
        {
            await EndpointSlicesAsync(context);
        }
        else if (query["watch"] == "true")
        {
            await WatchAsync(context, query["sendInitialEvents"] == "true");
        }
        else
        {
            var from = int.TryParse(query["continue"], CultureInfo.InvariantCulture, out var next) ? next : 0;
            var limit = int.TryParse(query["limit"], CultureInfo.InvariantCulture, out var asked) ? asked : Objects;
            await ListAsync(context, from, Math.Min(Objects, from + limit));
        }
    }

    private static async Task EndpointSlicesAsync(HttpContext context)
    {
        for (var i = 0; i < EndpointSlices.Slices; i++)
        {
            await context.Response.Body.WriteAsync(Line("ADDED", EndpointSlices.Json(i)), context.RequestAborted);
        }

        await context.Response.Body.WriteAsync(Line("BOOKMARK", End), context.RequestAborted);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ListAsync(HttpContext context, int from, int until)
    {
        var next = until < Objects ? $"{until}" : "";
        var body = context.Response.BodyWriter;
        body.Write(Encoding.ASCII.GetBytes(
            $$$"""{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"{{{Objects}}}","continue":"{{{next}}}" },"items":["""));
        for (var i = from; i < until; i++)
        {
            body.Write(i > from ? Comma : []);
            await body.WriteAsync(_objects[i], context.RequestAborted);
        }

        await body.WriteAsync(ListEnd, context.RequestAborted);
    }

    private async Task WatchAsync(HttpContext context, bool initial)
    {
        _go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await context.Response.Body.WriteAsync(initial ? _initial : [], context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await _go.Task.WaitAsync(context.RequestAborted);
        await context.Response.Body.WriteAsync(_changes, context.RequestAborted);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static byte[] Line(string type, byte[] pod) =>
        [.. Encoding.ASCII.GetBytes($$"""{"type":"{{type}}","object":"""), .. pod, (byte)'}', (byte)'\n'];

    private static byte[] Lines(IEnumerable<byte[]> lines) => [.. lines.SelectMany(line => line)];
}
