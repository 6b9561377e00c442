using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Mooring.Sandbox.KubeApi.Access;
using Mooring.Sandbox.KubeApi.Discovery;
using Mooring.Sandbox.KubeApi.Http;
using Mooring.Sandbox.KubeApi.Kinds;
using Mooring.Sandbox.KubeApi.Lifecycle;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.OpenApi;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Storage;
using Mooring.Sandbox.KubeApi.Tables;

namespace Mooring.Sandbox.KubeApi;

/// <summary>The parts of a server behind its HTTP listener, wired together.</summary>
internal sealed class ServerParts : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _loops = [];
    private readonly List<ControllerLoop> _controllers;
    private readonly ObjectService _objects;
    private readonly PageTokens _pages;

    private ServerParts(ApiServerOptions options, ILoggerFactory loggers, ResourceStore store, TokenAuthority tokens, CertificateAuthority authority)
    {
        var time = options.TimeProvider;
        var registry = new ResourceRegistry();
        var deletion = new Deletion(store, time);
        var editor = new ObjectEditor(store, registry, deletion);
        _objects = new ObjectService(store, registry, KindRulesCatalog.Create(store), time);
        _pages = new PageTokens(time);
        Tokens = tokens;
        Authority = authority;

        var tables = new TableBuilder(time);
        var reads = new ReadHandler(_objects, _pages, tables);
        var reviews = new ReviewAnswers(tokens, new TokenSubjects(store, time), time);
        var resources = new ResourceRequests(
            registry,
            reads,
            new WatchHandler(_objects, tables, time, options.BookmarkInterval, _stopping.Token),
            new WriteHandler(_objects, reads),
            new DeleteHandler(_objects, deletion, reads),
            new ScaleHandler(_objects),
            new SubresourceHandler(_objects, deletion, reviews),
            reviews);
        Router = new RequestRouter(
            tokens, new DiscoveryDocuments(registry), new OpenApiDocuments(registry), resources, loggers.CreateLogger<RequestRouter>());

        var logger = loggers.CreateLogger<ControllerLoop>();
        List<IStoreController> controllers = [new CrdController(editor, registry, time)];
        if (options.RunsControllers)
        {
            controllers.AddRange([new NamespaceController(editor, time), new GarbageCollector(editor), new PodReaper(editor, time)]);
        }

        _controllers = [.. controllers.Select(c => new ControllerLoop(c, store, time, logger))];
    }

    public TokenAuthority Tokens { get; }

    public CertificateAuthority Authority { get; }

    public RequestRouter Router { get; }

    public static ServerParts Open(ApiServerOptions options, ILoggerFactory loggers)
    {
        if (options.DataDirectory is null)
        {
            var store = new ResourceStore(StoreImage.Empty, null, options.WatchCacheSize);
            return new ServerParts(options, loggers, store, OpenTokens(options, store), OpenAuthority(options));
        }

        var directory = new DataDirectory(options.DataDirectory);
        var image = directory.Load();
        if (image.Revision > 0)
        {
            image = image with { Revision = image.Revision + DataDirectory.RestartGap };
        }

        var log = new WriteLog(directory, image, loggers.CreateLogger<WriteLog>());
        var durable = new ResourceStore(image, log, options.WatchCacheSize);
        return new ServerParts(options, loggers, durable, OpenTokens(options, durable), OpenAuthority(options));
    }

    /// <summary>Makes what every cluster has and starts the server's own controllers.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        foreach (var controller in _controllers)
        {
            _loops.Add(controller.StartAsync(_stopping.Token));
        }

        var namespaces = BuiltinResources.All.First(t => t.GroupResource == "namespaces");
        foreach (var name in (string[])["default", "kube-system", "kube-public", "kube-node-lease"])
        {
            ct.ThrowIfCancellationRequested();
            if (_objects.Store.Get(namespaces.Key("", name)) is null)
            {
                await _objects.CreateAsync(
                    namespaces, "", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } }, new WriteOptions { FieldManager = "kube-apiserver" });
            }
        }
    }

    public void Compact()
    {
        _objects.Store.Compact();
        _pages.Clear();
    }

    /// <summary>Ends watches and controllers; requests under way still finish.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_loops);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _objects.Store.DisposeAsync();
        Authority.Dispose();
        _stopping.Dispose();
    }

    /// <summary>A durable server keeps its token, keys and authority, so that kubeconfigs and issued tokens outlive it.</summary>
    private static TokenAuthority OpenTokens(ApiServerOptions options, ResourceStore store)
    {
        var files = new CredentialFiles(options.DataDirectory);
        var token = options.Token ?? files.Read("token") ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        var key = files.Read("signing.key") ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        files.Write("token", token);
        files.Write("signing.key", key);
        return new TokenAuthority(
            token, Convert.FromHexString(key), options.TimeProvider, new TokenSubjects(store, options.TimeProvider));
    }

    private static CertificateAuthority OpenAuthority(ApiServerOptions options)
    {
        var files = new CredentialFiles(options.DataDirectory);
        var now = options.TimeProvider.GetUtcNow();
        var authority = files.Read("ca.pem") is { } pem ? CertificateAuthority.FromPem(pem, now) : CertificateAuthority.Create(now);
        files.Write("ca.pem", authority.ExportPem());
        return authority;
    }
}
