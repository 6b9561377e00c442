using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Mooring.Sandbox.Cluster;
using Mooring.Sandbox.Echo;

namespace Mooring.Sandbox.Daemon;

/// <summary>What the verbs ask the daemon for, as HTTP on its socket. Errors are <c>{"message": "..."}</c>.</summary>
internal static class DaemonEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, SandboxCluster cluster, Action stop)
    {
        routes.MapGet("/status", () => cluster.Status());
        routes.MapPost("/down", () =>
        {
            stop();
            return Results.Accepted();
        });

        routes.MapPost("/nodes/{node}/kill", cluster.KillAgentAsync);
        routes.MapPost("/nodes/{node}/freeze", cluster.FreezeAgentAsync);
        routes.MapPost("/nodes/{node}/thaw", cluster.ThawAgentAsync);
        routes.MapPost("/nodes/{node}/cut", cluster.CutNodeAsync);
        routes.MapPost("/nodes/{node}/heal", cluster.HealNodeAsync);

        routes.MapPost("/nodes/{node}/drain", cluster.DrainNodeAsync);
        routes.MapPost("/nodes/{node}/undrain", cluster.UndrainNodeAsync);
        routes.MapPost("/nodes/{node}/stop", cluster.StopAgentAsync);
        routes.MapPost("/nodes/{node}/start", cluster.StartAgentAsync);
        routes.MapPost("/nodes/{node}/restart", cluster.RestartAgentAsync);
        routes.MapPost("/nodes/{node}/remove", cluster.RemoveNodeAsync);

        routes.MapPost("/pods/{pod}/fail", (string pod, PodFailure failure, CancellationToken cancellationToken) =>
            cluster.FailPodAsync(pod, failure, cancellationToken));
        routes.MapPost("/pods/{pod}/heal", cluster.HealPodAsync);
        routes.MapPost("/pods/{pod}/unready", cluster.UnreadyPodAsync);
        routes.MapPost("/pods/{pod}/add", cluster.AddPodAsync);
        routes.MapPost("/pods/{pod}/remove", (string pod, CancellationToken cancellationToken, int grace = 0) =>
            cluster.RemovePodAsync(pod, grace, cancellationToken));

        routes.MapPost("/controller/kill", cluster.KillControllerAsync);
        routes.MapPost("/controller/start", cluster.StartControllerAsync);
        routes.MapPost("/apiserver/stop", cluster.StopApiServer);
        routes.MapPost("/apiserver/start", cluster.StartApiServer);
    }

    /// <summary>Turns what went wrong into a status and a message.</summary>
    public static async Task HandleErrorsAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (!context.Response.HasStarted && exception is not OperationCanceledException)
        {
            context.Response.StatusCode = exception switch
            {
                UnknownMemberException => StatusCodes.Status404NotFound,
                ArgumentException or BadHttpRequestException => StatusCodes.Status400BadRequest,
                InvalidOperationException => StatusCodes.Status409Conflict,
                _ => StatusCodes.Status500InternalServerError,
            };
            await context.Response.WriteAsJsonAsync(new DaemonError(exception.Message), context.RequestAborted);
        }
    }
}
