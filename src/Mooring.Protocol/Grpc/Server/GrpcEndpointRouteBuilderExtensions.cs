using System.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

public static class GrpcEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Serves the methods of <typeparamref name="TService"/>, whose base was bound by a
    /// <see cref="BindServiceMethodAttribute"/>. An instance is taken from the services, or made per call. Paths no
    /// service has are answered with UNIMPLEMENTED.
    /// </summary>
    public static IEndpointConventionBuilder MapGrpcService<TService>(this IEndpointRouteBuilder endpoints)
        where TService : class
    {
        var binder = new ServiceRouteBinder<TService>(
            endpoints,
            endpoints.ServiceProvider.GetRequiredService<IOptions<GrpcServiceOptions>>().Value,
            endpoints.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System,
            endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>());
        var attribute = FindAttribute(typeof(TService));
        var bind = attribute.BindType
            .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Single(method => method.Name == attribute.BindMethodName
                && method.GetParameters() is [var first, _] && first.ParameterType == typeof(ServiceBinderBase));
        bind.Invoke(null, [binder, null]);
        MapUnimplemented(endpoints);
        return new Conventions(binder.Builders);
    }

    private static BindServiceMethodAttribute FindAttribute(Type serviceType)
    {
        for (var type = serviceType; type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } attribute)
            {
                return attribute;
            }
        }

        throw new InvalidOperationException($"{serviceType} does not derive from a gRPC service base (BindServiceMethodAttribute not found)");
    }

    private static void MapUnimplemented(IEndpointRouteBuilder endpoints)
    {
        const string name = "gRPC unimplemented";
        if (endpoints.DataSources.SelectMany(source => source.Endpoints).Any(endpoint => endpoint.DisplayName == name))
        {
            return;
        }

        var pattern = RoutePatternFactory.Parse("{service}/{method}");
        endpoints.MapPost(pattern.RawText!, static (HttpContext context) => UnimplementedCall.RespondAsync(context))
            .WithDisplayName(name)
            .Add(static builder => ((RouteEndpointBuilder)builder).Order = int.MaxValue);
    }

    private sealed class Conventions(IReadOnlyList<IEndpointConventionBuilder> builders) : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
            foreach (var builder in builders)
            {
                builder.Add(convention);
            }
        }
    }
}
