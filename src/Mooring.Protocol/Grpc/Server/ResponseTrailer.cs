using System.Globalization;
using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server;

/// <summary>Writes the status of a call: as trailers, or as headers when nothing has been sent yet ("trailers only").</summary>
internal static class ResponseTrailer
{
    public static void Append(HttpResponse response, Status status, Metadata trailers)
    {
        var target = response.HasStarted
            ? response.HttpContext.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers
            : response.Headers;
        foreach (var entry in trailers)
        {
            target.Append(entry.Key, MetadataHeaders.ToHeaderValue(entry));
        }

        target[ProtocolNames.Status] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (!string.IsNullOrEmpty(status.Detail))
        {
            target[ProtocolNames.Message] = PercentEncoding.Encode(status.Detail);
        }
    }
}
