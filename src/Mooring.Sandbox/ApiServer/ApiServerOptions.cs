using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Mooring.Sandbox.KubeApi;

/// <summary>How the sandbox's API server runs.</summary>
public sealed class ApiServerOptions
{
    /// <summary>Default of <see cref="WatchCacheSize"/>.</summary>
    public const int DefaultWatchCacheSize = 4096;

    /// <summary>Port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Where objects are kept; null keeps them in memory only. One server per directory.</summary>
    public string? DataDirectory { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Further addresses to listen on. Their sockets come from <see cref="CreateListenSocket"/>, so that one may be in
    /// another network namespace.
    /// </summary>
    public IReadOnlyList<IPEndPoint> ExtraEndpoints { get; init; } = [];

    /// <summary>
    /// Makes a bound socket for one of <see cref="ExtraEndpoints"/> (called once for each); null binds it here. It may
    /// come back bound or listening; the server takes it over.
    /// </summary>
    public Func<IPEndPoint, Socket>? CreateListenSocket { get; init; }

    /// <summary>Changes kept per resource for watches to resume from; older revisions get 410.</summary>
    public int WatchCacheSize { get; init; } = DefaultWatchCacheSize;

    /// <summary>How often a watch that asked for bookmarks gets one.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Do for objects what a cluster's controller manager does: collect garbage, empty deleted namespaces, give namespaces
    /// their service account, end pods. CRDs are seen to in any case, as by every API server.
    /// </summary>
    public bool RunsControllers { get; init; } = true;

    /// <summary>The administrator's bearer token; null makes a random one, or takes up that of the data directory.</summary>
    public string? Token { get; init; }

    /// <summary>
    /// Serve TLS (the default). Without it kubectl cannot authenticate, as it never sends a token over plain HTTP; other
    /// clients can.
    /// </summary>
    public bool Tls { get; init; } = true;

    public ILoggerFactory? LoggerFactory { get; init; }
}
