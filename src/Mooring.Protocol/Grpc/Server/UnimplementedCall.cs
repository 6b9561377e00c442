using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server;

/// <summary>Answers calls of methods nobody serves.</summary>
internal static class UnimplementedCall
{
    public static Task RespondAsync(HttpContext context)
    {
        if (!RequestCheck.Accept(context))
        {
            return Task.CompletedTask;
        }

        context.Response.ContentType = ProtocolNames.ContentType;
        ResponseTrailer.Append(
            context.Response,
            new Status(StatusCode.Unimplemented, $"Method {context.Request.Path} is not served here."),
            []);
        return Task.CompletedTask;
    }
}
