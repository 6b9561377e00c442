using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Events;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes;

public static class ServiceCollectionExtensions
{
    public static IServiceCollection AddKubernetesClient(
        this IServiceCollection services,
        KubernetesClientConfiguration configuration,
        Action<KubernetesClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<KubernetesMetrics>();
        services.AddSingleton(configuration);
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<KubernetesClientOptions>, KubernetesClientOptionsValidator>());
        services.AddOptions<KubernetesClientOptions>().Configure(configure ?? (_ => { })).ValidateOnStart();
        services.AddSingleton(provider => new KubernetesClient(
            configuration,
            provider.GetRequiredService<IOptions<KubernetesClientOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<KubernetesClient>>(),
            provider.GetRequiredService<KubernetesMetrics>()));
        services.AddSingleton<IKubernetesClient>(provider => provider.GetRequiredService<KubernetesClient>());
        return services;
    }

    /// <summary>One list and watch of <typeparamref name="T"/>, shared by all who take <see cref="IInformer{T}"/>.</summary>
    public static IServiceCollection AddInformer<T>(
        this IServiceCollection services, string? @namespace = null, string? labelSelector = null)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        services.AddInformer<T>(new InformerOptions { Namespace = @namespace, LabelSelector = labelSelector });

    /// <summary>Adding the same kind again with the same options changes nothing.</summary>
    /// <exception cref="InvalidOperationException">The kind is followed already, with other options.</exception>
    public static IServiceCollection AddInformer<T>(this IServiceCollection services, InformerOptions options)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var registered = services.Select(s => s.ImplementationInstance).OfType<Registration<T>>().FirstOrDefault();
        if (registered is not null)
        {
            return registered.Options == options
                ? services
                : throw new InvalidOperationException(
                    $"{typeof(T).Name} is followed already with {registered.Options}, not {options}");
        }

        services.AddSingleton(new Registration<T>(options));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new Informer<T>(
            provider.GetRequiredService<IKubernetesClient>(),
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Informer<T>>>(),
            provider.GetService<KubernetesMetrics>()));
        services.AddSingleton<IInformer<T>>(provider => provider.GetRequiredService<Informer<T>>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<Informer<T>>());
        return services;
    }

    /// <summary>
    /// Reconciles <typeparamref name="TEntity"/> with <typeparamref name="TController"/> for as long as the host runs.
    /// Where only a leader may, register no host and call <see cref="EntityControllerHost{TEntity}.RunAsync"/>.
    /// </summary>
    public static IServiceCollection AddEntityController<TEntity, TController>(
        this IServiceCollection services, Action<EntityControllerOptions>? configure = null, bool hosted = true)
        where TEntity : class, IKubernetesObject<V1ObjectMeta>
        where TController : class, IEntityController<TEntity>
    {
        var options = new EntityControllerOptions
        {
            Name = typeof(TController).Name,
            Queue = new WorkQueueOptions { Name = typeof(TController).Name },
        };
        configure?.Invoke(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IEntityController<TEntity>, TController>();
        services.AddSingleton(provider => new EntityControllerHost<TEntity>(
            provider.GetRequiredService<IInformer<TEntity>>(),
            provider.GetRequiredService<IEntityController<TEntity>>(),
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EntityControllerHost<TEntity>>>(),
            provider.GetService<KubernetesMetrics>()));
        if (hosted)
        {
            services.AddSingleton<IHostedService>(
                provider => provider.GetRequiredService<EntityControllerHost<TEntity>>());
        }

        return services;
    }

    /// <param name="component">The Events' source, such as "mooring-controller".</param>
    public static IServiceCollection AddEventRecorder(
        this IServiceCollection services, string component, Action<EventRecorderOptions>? configure = null)
    {
        var options = new EventRecorderOptions { Component = component };
        configure?.Invoke(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new EventRecorder(
            provider.GetRequiredService<IKubernetesClient>(),
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EventRecorder>>(),
            provider.GetService<KubernetesMetrics>()));
        services.AddSingleton<IEventRecorder>(provider => provider.GetRequiredService<EventRecorder>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<EventRecorder>());
        return services;
    }

    private sealed record Registration<T>(InformerOptions Options);
}
