using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Mooring.Kubernetes.Tests.Fakes;

/// <summary>An HTTP server that answers as the test says, byte by byte if need be.</summary>
internal sealed class FakeHttpServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeHttpServer(WebApplication app) => _app = app;

    public Uri Address => new(
        _app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());

    public ConcurrentQueue<SeenRequest> Requests { get; } = new();

    /// <summary>Answers request number n, counted from 0.</summary>
    public required Func<HttpContext, int, Task> Answer { get; init; }

    public static Task<FakeHttpServer> StartAsync(Func<HttpContext, Task> answer) =>
        StartAsync((context, _) => answer(context));

    public static async Task<FakeHttpServer> StartAsync(
        Func<HttpContext, int, Task> answer, X509Certificate2? certificate = null, bool askClientCertificate = false, bool trustExpired = true)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                if (certificate is not null)
                {
                    listen.UseHttps(https =>
                    {
                        https.ServerCertificate = certificate;
                        https.ClientCertificateMode = askClientCertificate
                            ? ClientCertificateMode.RequireCertificate
                            : ClientCertificateMode.NoCertificate;
                        https.ClientCertificateValidation = (shown, _, _) =>
                            trustExpired || shown.NotAfter.ToUniversalTime() > TimeProvider.System.GetUtcNow().UtcDateTime;
                    });
                }
            });
        });
        var app = builder.Build();
        var server = new FakeHttpServer(app) { Answer = answer };
        var count = -1;
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            var number = Interlocked.Increment(ref count);
            server.Requests.Enqueue(new SeenRequest(
                context.Request.Method,
                context.Request.Path,
                context.Request.QueryString.Value ?? "",
                context.Request.ContentType,
                context.Request.Headers.Authorization,
                body));
            await answer(context, number);
        });
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var impatient = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(impatient.Token);
        await _app.DisposeAsync();
    }
}

internal sealed record SeenRequest(
    string Method, string Path, string Query, string? ContentType, string? Authorization, string Body);

internal static class Answers
{
    public static Task JsonAsync(this HttpContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    public static Task StatusAsync(this HttpContext context, int code, string reason, string message, string details = "{}") =>
        context.JsonAsync(
            $$"""
            {"kind":"Status","apiVersion":"v1","status":"Failure","code":{{code}},"reason":"{{reason}}",
             "message":"{{message}}","details":{{details}}}
            """,
            code);

    public static Task HtmlAsync(this HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html";
        return context.Response.WriteAsync("<html><body><h1>Please\n log in</h1></body></html>");
    }

    /// <summary>Sends watch lines and keeps the stream open until the client leaves.</summary>
    public static async Task WatchAsync(this HttpContext context, params string[] lines)
    {
        await context.SendAsync(string.Concat(lines.Select(line => line + "\n")));
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public static async Task SendAsync(this HttpContext context, string text)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "application/json";
        }

        await context.Response.WriteAsync(text);
        await context.Response.Body.FlushAsync();
    }

    public static string Pod(string name, string version, string more = "") =>
        $$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}","namespace":"a","uid":"u-{{name}}",
        "resourceVersion":"{{version}}"}{{more}}}
        """.ReplaceLineEndings("");

    public static string Event(string type, string entity) => $$"""{"type":"{{type}}","object":{{entity}}}""";

    public static string List(string version, string? next, params string[] items) =>
        $$$"""
        {"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"{{{version}}}","continue":"{{{next}}}"},
        "items":[{{{string.Join(',', items)}}}]}
        """;
}
