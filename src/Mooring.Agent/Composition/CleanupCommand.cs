using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Mooring.Agent.DataPlane;
using Mooring.Configuration;

namespace Mooring.Agent.Composition;

/// <summary>Takes our tables, tunnels, routes and rules out of the kernel, for a node that the agent leaves for good.</summary>
internal static partial class CleanupCommand
{
    public static async Task<int> RunAsync(LogSettings log, CancellationToken cancellationToken)
    {
        await using var services = new ServiceCollection().AddLogging(logging => LogSettings.Configure(logging, () => log)).BuildServiceProvider();
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Mooring.Agent.Cleanup");
        var table = new DataPlaneOptions().Table;
        try
        {
            await Task.Run(() => NftablesDataPlane.Cleanup(table), cancellationToken).ConfigureAwait(false);
            Log.Removed(logger, table);
            return 0;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, table, exception);
            return 1;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "nftables tables {Table}, their tunnels, routes and rules are removed")]
        public static partial void Removed(ILogger logger, string table);

        [LoggerMessage(LogLevel.Error, "nftables tables {Table}, their tunnels, routes and rules could not be removed")]
        public static partial void Failed(ILogger logger, string table, Exception exception);
    }
}
