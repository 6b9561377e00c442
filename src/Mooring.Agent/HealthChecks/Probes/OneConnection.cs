using System.Net;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>Speaks HTTP over a connection that is there already, and over no other.</summary>
internal static class OneConnection
{
    /// <summary>Largest response head accepted, in kilobytes.</summary>
    public const int MaxHeadersKilobytes = 16;

    /// <remarks>
    /// A handler for each check: one that is shared may give the connection of one request to another, and then an
    /// endpoint would be judged by what a different check found.
    /// </remarks>
    public static SocketsHttpHandler Handler(ProbeConnection connection) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectCallback = (_, _) => connection.TryUse()
            ? ValueTask.FromResult(connection.Stream)
            : ValueTask.FromException<Stream>(new IOException("the connection was closed")),
        MaxConnectionsPerServer = 1,
        MaxResponseHeadersLength = MaxHeadersKilobytes,
        MaxResponseDrainSize = 0,
        PooledConnectionLifetime = TimeSpan.Zero,
        InitialHttp2StreamWindowSize = 65_535,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
    };
}
