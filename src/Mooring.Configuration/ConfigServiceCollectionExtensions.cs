using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Mooring.Configuration;

public static class ConfigServiceCollectionExtensions
{
    /// <summary>Adds the file's metrics, and has it read again while the program runs; with it the log changes. Needs a clock.</summary>
    /// <param name="file">Null, or without a path, for a program that has none.</param>
    public static IServiceCollection AddConfigFile(this IServiceCollection services, ConfigFile? file)
    {
        services.AddSingleton<ConfigMetrics>();
        if (file?.Path is null)
        {
            return services;
        }

        services.AddSingleton(file);
        services.AddSingleton<ConfigWatch>();
        services.AddHostedService(static provider => provider.GetRequiredService<ConfigWatch>());
        return services.AddReloaded<LoggerFilterOptions>(file).AddReloaded<ConsoleLoggerOptions>(file);
    }

    /// <summary>Options whose configuration reads from the file are computed anew when it changes.</summary>
    public static IServiceCollection AddReloaded<T>(this IServiceCollection services, ConfigFile? file) =>
        file?.Path is null ? services : services.AddSingleton<IOptionsChangeTokenSource<T>>(new ConfigChangeTokenSource<T>(file));
}
