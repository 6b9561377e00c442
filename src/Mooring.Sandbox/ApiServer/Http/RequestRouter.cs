using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Mooring.Sandbox.KubeApi.Access;
using Mooring.Sandbox.KubeApi.Discovery;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.OpenApi;
using Mooring.Sandbox.KubeApi.Resources;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>Takes every request: authenticates it, finds what it is for, and turns refusals into <c>Status</c> answers.</summary>
internal sealed partial class RequestRouter(
    TokenAuthority tokens,

    DiscoveryDocuments discovery,
    OpenApiDocuments openApi,
    ResourceRequests resources,
    ILogger<RequestRouter> logger)
{
    private static readonly string[] Open = ["/healthz", "/readyz", "/livez", "/version"];

    public async Task HandleAsync(HttpContext http)
    {
        try
        {
            await RouteAsync(http);
        }
        catch (ApiException e)
        {
            await WriteErrorAsync(http, e);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        catch (BadHttpRequestException e)
        {
            await WriteErrorAsync(http, ApiError.BadRequest(e.Message));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The last line of defence: one request's fault must not take the connection down without an answer.
            Log.Failed(logger, http.Request.Method, http.Request.Path, e);
            await WriteErrorAsync(http, ApiError.Internal(e.Message));
        }
    }

    private static Task WriteErrorAsync(HttpContext http, ApiException error)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        return ApiResponse.WriteErrorAsync(http, error);
    }

    private async Task RouteAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        var user = tokens.Authenticate(http.Request.Headers.Authorization);
        if (user is null)
        {
            var anonymous = string.IsNullOrEmpty(http.Request.Headers.Authorization) && Open.Contains(path.TrimEnd('/'));
            user = anonymous ? UserInfo.Anonymous : throw ApiError.Unauthorized();
        }

        if (http.Request.Headers.ContainsKey("Impersonate-User"))
        {
            throw ApiError.NotImplemented("impersonation");
        }

        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (segments)
        {
            case ["healthz" or "readyz" or "livez", ..]:
                await ApiResponse.WriteBytesAsync(http, Encoding.ASCII.GetBytes("ok"), 200, "text/plain; charset=utf-8");
                return;
            case ["version"]:
                await ApiResponse.WriteJsonAsync(http, ServerVersion.Document());
                return;
            case ["openapi", ..]:
                await OpenApiAsync(http, segments);
                return;
            case [] or ["api"] or ["api", _] or ["apis"] or ["apis", _] or ["apis", _, _]:
                await DiscoverAsync(http, segments);
                return;
            default:
                await resources.HandleAsync(http, user, segments);
                return;
        }
    }

    private async Task DiscoverAsync(HttpContext http, string[] segments)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            throw ApiError.MethodNotAllowed();
        }

        var accept = http.Request.Headers.Accept.ToString();
        if (segments is ["api"] or ["apis"] && Negotiation.WantsAggregatedDiscovery(accept))
        {
            var aggregated = JsonBody.ToBytes(discovery.Aggregated(core: segments[0] == "api"));
            await WriteTaggedAsync(http, aggregated, Convert.ToHexString(SHA256.HashData(aggregated)), DiscoveryDocuments.AggregatedType);
            return;
        }

        _ = Negotiation.Choose(accept);
        var document = segments switch
        {
            [] => new() { ["paths"] = new System.Text.Json.Nodes.JsonArray("/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version") },
            ["api"] => discovery.CoreVersions(http.Request.Host.Value ?? ""),
            ["apis"] => discovery.GroupList(),
            ["api", var version] => discovery.Resources("", version),
            ["apis", var group] => discovery.Group(group),
            ["apis", var group, var version] => discovery.Resources(group, version),
            _ => null,
        };
        await ApiResponse.WriteJsonAsync(http, document ?? throw ApiError.UnknownPath());
    }

    private async Task OpenApiAsync(HttpContext http, string[] segments)
    {
        if (!HttpMethods.IsGet(http.Request.Method))
        {
            throw ApiError.MethodNotAllowed();
        }

        if (segments is ["openapi", "v2"])
        {
            throw ApiError.NotImplemented("OpenAPI v2 (use /openapi/v3)");
        }

        if (!Negotiation.Accepts(http.Request.Headers.Accept, "application/json"))
        {
            throw ApiError.NotAcceptable("application/json");
        }

        switch (segments)
        {
            case ["openapi", "v3"]:
                await ApiResponse.WriteJsonAsync(http, openApi.Index());
                return;
            case ["openapi", "v3", "api", var version]:
                await WriteDocumentAsync(http, openApi.Document("", version));
                return;
            case ["openapi", "v3", "apis", var group, var version]:
                await WriteDocumentAsync(http, openApi.Document(group, version));
                return;
            default:
                throw ApiError.UnknownPath();
        }
    }

    private static Task WriteDocumentAsync(HttpContext http, (byte[] Text, string Hash)? document)
    {
        var (text, hash) = document ?? throw ApiError.UnknownPath();
        return WriteTaggedAsync(http, text, hash, "application/json");
    }

    private static async Task WriteTaggedAsync(HttpContext http, byte[] text, string hash, string contentType)
    {
        http.Response.Headers.ETag = $"\"{hash}\"";
        if (http.Request.Headers.IfNoneMatch.ToString() == $"\"{hash}\"")
        {
            http.Response.StatusCode = 304;
            return;
        }

        await ApiResponse.WriteBytesAsync(http, text, 200, contentType);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Failed(ILogger logger, string method, string path, Exception exception);
    }
}
