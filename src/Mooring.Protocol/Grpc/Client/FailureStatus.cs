using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client;

/// <summary>The status of a call whose transport failed, by the tables in grpc/grpc, doc/http-grpc-status-mapping.md
/// and the HTTP/2 errors in doc/PROTOCOL-HTTP2.md.</summary>
internal static class FailureStatus
{
    public static Status From(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is HttpProtocolException protocol)
            {
                return new Status(FromHttp2Error(protocol.ErrorCode), Describe(exception), exception);
            }
        }

        // A call that we cancelled has its status already, so a cancellation that is seen here is the transport's own.
        return new Status(StatusCode.Unavailable, Describe(exception), exception);
    }

    /// <returns>Null when the response is one of gRPC.</returns>
    public static Status? FromResponse(HttpResponseMessage response)
    {
        var contentType = response.Content.Headers.ContentType?.ToString();
        if (response.StatusCode == HttpStatusCode.OK && ProtocolNames.IsGrpcContentType(contentType))
        {
            return null;
        }

        if (response.StatusCode == HttpStatusCode.OK)
        {
            return new Status(StatusCode.Unknown, $"Bad gRPC response. Invalid content-type value: {contentType ?? "none"}");
        }

        var code = response.StatusCode switch
        {
            HttpStatusCode.BadRequest => StatusCode.Internal,
            HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
            HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
            HttpStatusCode.NotFound => StatusCode.Unimplemented,
            HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => StatusCode.Unavailable,
            _ => StatusCode.Unknown,
        };
        return new Status(code, $"Bad gRPC response. HTTP status code: {(int)response.StatusCode}");
    }

    public static Status FromTrailers(HttpResponseHeaders trailers)
    {
        if (!trailers.TryGetValues(ProtocolNames.Status, out var values))
        {
            return new Status(StatusCode.Unknown, "No grpc-status found on response.");
        }

        var text = string.Join(",", values);
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return new Status(StatusCode.Unknown, $"Unexpected grpc-status value: {text}");
        }

        var code = number <= (int)StatusCode.Unauthenticated ? (StatusCode)number : StatusCode.Unknown;
        var detail = trailers.TryGetValues(ProtocolNames.Message, out var messages) ? PercentEncoding.Decode(string.Join(",", messages)) : "";
        return new Status(code, detail);
    }

    private static StatusCode FromHttp2Error(long errorCode) => errorCode switch
    {
        7 => StatusCode.Unavailable, // REFUSED_STREAM
        8 => StatusCode.Cancelled, // CANCEL
        11 => StatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        12 => StatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => StatusCode.Internal,
    };

    private static string Describe(Exception exception)
    {
        var innermost = exception.GetBaseException();
        return innermost == exception || innermost.Message == exception.Message
            ? $"{exception.GetType().Name}: {exception.Message}"
            : $"{exception.GetType().Name}: {exception.Message} {innermost.GetType().Name}: {innermost.Message}";
    }
}
