using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using System.Diagnostics.Metrics;

namespace Mooring.Telemetry;

public static class OperationsServiceCollectionExtensions
{
    /// <summary>
    /// Adds /healthz, /readyz, /metrics and the export of metrics. Call it before the hosted services of the program: it answers
    /// from the first of them to the last.
    /// </summary>
    public static IServiceCollection AddOperations(this IServiceCollection services, Action<OperationsOptions> configure)
    {
        services.AddMetrics();
        services.AddHealthChecks();
        services.AddOptions<OperationsOptions>().Configure(configure).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<MetricCollector>();
        services.AddSingleton(provider => new ProcessMetrics(
            provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<IOptions<OperationsOptions>>().Value.Program));
        services.AddSingleton<OperationsServer>();
        services.AddSingleton<OtlpExport>();
        services.AddHostedService(provider =>
        {
            provider.GetRequiredService<MetricCollector>();
            provider.GetRequiredService<ProcessMetrics>();
            return provider.GetRequiredService<OperationsServer>();
        });
        services.AddHostedService(provider => provider.GetRequiredService<OtlpExport>());
        return services;
    }

    /// <summary>Adds a check of /readyz.</summary>
    /// <param name="problem">What is wrong, null while nothing is.</param>
    public static IServiceCollection AddReadyCheck(
        this IServiceCollection services, string name, Func<IServiceProvider, string?> problem) =>
        AddCheck(services, name, problem, []);

    /// <summary>Adds a check of /healthz and /readyz, whose failure a restart may cure.</summary>
    /// <param name="problem">What is wrong, null while nothing is.</param>
    public static IServiceCollection AddLiveCheck(
        this IServiceCollection services, string name, Func<IServiceProvider, string?> problem) =>
        AddCheck(services, name, problem, [OperationsServer.Live]);

    private static IServiceCollection AddCheck(
        IServiceCollection services, string name, Func<IServiceProvider, string?> problem, string[] tags)
    {
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name, provider => new Check(provider, problem), HealthStatus.Unhealthy, tags));
        return services;
    }

    private sealed class Check(IServiceProvider provider, Func<IServiceProvider, string?> problem) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(problem(provider) is { } words ? HealthCheckResult.Unhealthy(words) : HealthCheckResult.Healthy());
    }
}
