using System.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

/// <summary>Maps each method of a service to its path.</summary>
internal sealed class ServiceRouteBinder<TService>(
    IEndpointRouteBuilder endpoints,
    GrpcServiceOptions options,
    TimeProvider timeProvider,
    ILoggerFactory loggerFactory) : ServiceBinderBase
    where TService : class
{
    private readonly ObjectFactory<TService> _create = ActivatorUtilities.CreateFactory<TService>([]);
    private readonly ILogger _logger = loggerFactory.CreateLogger($"Grpc.AspNetCore.Server.{typeof(TService).Name}");

    private delegate Task<TResponse> Unary<TRequest, TResponse>(TService service, TRequest request, ServerCallContext context);

    private delegate Task Duplex<TRequest, TResponse>(
        TService service, IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, ServerCallContext context);

    public List<IEndpointConventionBuilder> Builders { get; } = [];

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var invoke = Bind<Unary<TRequest, TResponse>>(method.Name, [typeof(TRequest), typeof(ServerCallContext)]);
        Map(method, async call =>
        {
            var request = await call.ReadSingleAsync().ConfigureAwait(false);
            var response = await invoke(Service(call.HttpContext), request, call).ConfigureAwait(false);
            await call.WriteAsync(response, CancellationToken.None).ConfigureAwait(false);
        });
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var invoke = Bind<Duplex<TRequest, TResponse>>(
            method.Name,
            [typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)]);
        Map(method, call => invoke(Service(call.HttpContext), call, call, call));
    }

    private static TDelegate Bind<TDelegate>(string name, Type[] parameters)
        where TDelegate : Delegate
    {
        var method = typeof(TService).GetMethod(name, BindingFlags.Instance | BindingFlags.Public, parameters)
            ?? throw new InvalidOperationException($"{typeof(TService)} has no method {name} of the generated shape");
        return method.CreateDelegate<TDelegate>();
    }

    private void Map<TRequest, TResponse>(Method<TRequest, TResponse> method, Func<HttpServerCall<TRequest, TResponse>, Task> handler)
        where TRequest : class
        where TResponse : class
    {
        Builders.Add(endpoints
            .MapPost(method.FullName, (HttpContext context) =>
                new HttpServerCall<TRequest, TResponse>(context, method, options, timeProvider, _logger).RunAsync(handler))
            .WithDisplayName($"gRPC - {method.FullName}"));
    }

    private TService Service(HttpContext context) =>
        context.RequestServices.GetService<TService>() ?? _create(context.RequestServices, []);
}
