using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Mooring.Sandbox.KubeApi;
using Mooring.Sandbox.Kubelets;
using Mooring.Sandbox.Lifetime;
using Mooring.Sandbox.Network;
using Mooring.Sandbox.Processes;

namespace Mooring.Sandbox.Cluster;

/// <summary>A cluster in a box that is up. Disposing it removes every trace of it; so does the death of this process.</summary>
internal sealed partial class SandboxCluster : IAsyncDisposable
{
    public const int ControllerPort = 7946;
    private const int ControlApiPort = 6443;

    /// <summary>How long to wait for a predecessor of the same name that is being cleaned up.</summary>
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(15);

    private readonly SandboxOptions _options;
    private readonly SandboxLock _lock;
    private readonly Reaper _reaper;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];
    private readonly SemaphoreSlim _changing = new(1, 1);
    private ApiServer? _apiServer;

    private SandboxCluster(
        SandboxOptions options, SandboxLock held, Reaper reaper, SandboxPaths paths, ILoggerFactory loggers, TimeProvider time)
    {
        _options = options;
        _lock = held;
        _reaper = reaper;
        _time = time;
        Paths = paths;
        Loggers = loggers;
        Network = new SandboxNetwork(Topology.Create(options.Name, options.Nodes, options.SecondLan));
    }

    public SandboxPaths Paths { get; }

    public SandboxNetwork Network { get; }

    public Topology Topology => Network.Topology;

    public Kubelet Kubelet { get; private set; } = null!;

    /// <summary>The administrator's access to the API server.</summary>
    public ClusterClient Api { get; private set; } = null!;

    public AgentVolumes Volumes { get; private set; } = null!;

    public Component? Controller { get; private set; }

    public IReadOnlyDictionary<string, Component> Agents { get; private set; } = new Dictionary<string, Component>();

    private ILoggerFactory Loggers { get; }

    /// <param name="progress">Hears each step as it begins.</param>
    /// <exception cref="InvalidOperationException">The name is in use, or a step failed; nothing is left behind.</exception>
    public static async Task<SandboxCluster> StartAsync(
        SandboxOptions options,
        ILoggerFactory loggers,
        TimeProvider time,
        Action<string> progress,
        CancellationToken cancellationToken)
    {
        var paths = new SandboxPaths(options.Name, options.RuntimeRoot);
        var held = await SandboxLock.AcquireAsync(paths, LockPatience, time, cancellationToken)
            ?? throw new InvalidOperationException($"sandbox {options.Name} is running already");
        Reaper? reaper = null;
        SandboxCluster? cluster = null;
        try
        {
            progress("removing left-overs");
            await Cleanup.RunAsync(options.Name, paths, cancellationToken);
            Directory.CreateDirectory(paths.Logs);
            reaper = Reaper.Start(options.Name, paths);
            cluster = new SandboxCluster(options, held, reaper, paths, loggers, time);
            await cluster.BringUpAsync(progress, cancellationToken);
            return cluster;
        }
        catch
        {
            if (cluster is not null)
            {
                await cluster.DisposeAsync();
            }
            else
            {
                held.Dispose();
                if (reaper is not null)
                {
                    await reaper.DisposeAsync();
                }
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(Agents.Values.Select(agent => agent.DisposeAsync().AsTask()));
        if (Controller is not null)
        {
            await Controller.DisposeAsync();
        }

        await Task.WhenAll(_loops);
        if (Kubelet is not null)
        {
            await Kubelet.DisposeAsync();
        }

        if (_apiServer is not null)
        {
            await _apiServer.DisposeAsync();
        }

        _lock.Dispose();
        await _reaper.DisposeAsync();
        _stop.Dispose();
        _changing.Dispose();
    }

    public SandboxStatus Status() => new()
    {
        Name = _options.Name.Value,
        Kubeconfig = Paths.Kubeconfig,
        ApiServer = _apiServer?.Address.ToString() ?? "",
        Logs = Paths.Logs,
        Controller = Controller is { } controller ? Describe(controller) : null,
        Nodes =
        [
            .. Topology.Nodes.Select(node => new NodeStatus(
                node.Name,
                node.Host.Address.ToString(),
                Link(node).ToString(),
                Agents.TryGetValue(node.Name, out var agent) ? Describe(agent) : null)),
        ],
        Pods =
        [
            .. Kubelet.Pods.Select(pod => new PodStatus(
                pod.Place.Name,
                pod.Place.Node.Name,
                pod.Place.Address.ToString(),
                pod.Ready && Kubelet.IsReachable(pod.Place.Node.Name),
                pod.Program.Failure.ToString(),
                pod.Program.Requests)
            {
                LastRequests = pod.Program.LastRequests,
                FailingAnswers = pod.Program.FailingAnswers,
            }),
        ],
    };

    private static ComponentStatus Describe(Component component) => new(
        component.Name,
        component.State.ToString(),
        component.ProcessId,
        component.Starts,
        Math.Round(component.ResidentBytes / 1e6, 1),
        component.LogPath);

    private async Task BringUpAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        // Found before anything is built up: what is missing is said at once.
        var controller = _options.RunMooring ? _options.Programs.Controller() : [];
        var agent = _options.RunMooring ? _options.Programs.Agent() : [];

        progress("creating network namespaces");
        await Network.CreateAsync(cancellationToken);

        progress("starting the API server");
        Api = new ClusterClient(await StartApiServerAsync(cancellationToken));
        await ResourceDefinitions.ApplyAsync(Api, CrdDirectory(), cancellationToken);

        progress("starting nodes and pods");
        Volumes = new AgentVolumes(Api, Paths, _time, Loggers.CreateLogger<AgentVolumes>());
        Kubelet = new Kubelet(Network, Api, _time, Loggers.CreateLogger<Kubelet>());
        await Kubelet.StartAsync(cancellationToken);
        var number = 0;
        foreach (var node in Topology.Nodes)
        {
            for (var i = 0; i < _options.PodsPerNode; i++)
            {
                await Kubelet.AddPodAsync($"web-{++number}", node, cancellationToken);
            }
        }

        _loops.Add(Kubelet.RunAsync(_stop.Token));
        _loops.Add(new EndpointSliceController(Api, _time, Loggers.CreateLogger<EndpointSliceController>())
            .RunAsync(_stop.Token));

        if (_options.RunMooring)
        {
            await StartMooringAsync(controller, agent, progress, cancellationToken);
        }
    }

    private async Task<HttpClient> StartApiServerAsync(CancellationToken cancellationToken)
    {
        var control = new IPEndPoint(IPAddress.Loopback, ControlApiPort);
        _apiServer = await ApiServer.StartAsync(new ApiServerOptions
        {
            DataDirectory = _options.DataDirectory,
            TimeProvider = _time,
            LoggerFactory = Loggers,
            ExtraEndpoints = [control],
            CreateListenSocket = endPoint => Network.In(Topology.Control, () => BindInNamespace(endPoint)),
        }, cancellationToken);
        await File.WriteAllTextAsync(Paths.Kubeconfig, _apiServer.Kubeconfig, cancellationToken);
        await File.WriteAllTextAsync(
            Paths.ControlKubeconfig, _apiServer.KubeconfigFor(new Uri($"https://{control}")), cancellationToken);
        return ApiServerTrust.CreateClient(_apiServer);
    }

    private static Socket BindInNamespace(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(endPoint);
        return socket;
    }

    private async Task StartMooringAsync(
        IReadOnlyList<string> controller,
        IReadOnlyList<string> agent,
        Action<string> progress,
        CancellationToken cancellationToken)
    {
        progress("starting the controller and the agents");
        Controller = new Component(
            "controller",
            Topology.Namespace(Topology.Control),
            [
                .. _options.Programs.EnterRoot(), .. controller, "run", "--kubeconfig", Paths.ControlKubeconfig,
                "--listen", $"https://0.0.0.0:{ControllerPort}", "--namespace", AgentObjects.Namespace,
                "--operations-listen", "http://*:7951",
                .. _options.ControllerArguments,
            ],
            Paths.LogOf("controller"),
            _time);
        Agents = Topology.Nodes.ToDictionary(
            node => node.Name,
            node => new Component(
                $"agent of {node.Name}",
                Topology.Namespace(node.Name),
                [
                    .. _options.Programs.EnterRoot(), .. Privileges.Agent, .. agent, "run", "--node-name", node.Name,
                    "--controller", $"https://{Topology.ControlHost.Address}:{ControllerPort}",
                    "--ca-file", Volumes.AuthoritiesOf(node.Name), "--token-file", Volumes.TokenOf(node.Name),
                    "--state-directory", Paths.StateOf(node.Name),
                    "--operations-listen", "http://*:7950",
                ],
                Paths.LogOf(node.Name),
                _time),
            StringComparer.Ordinal);
        await Controller.StartAsync(cancellationToken);
        foreach (var node in Topology.Nodes)
        {
            await Volumes.AddAsync(node, cancellationToken);
        }

        var readiness = new ReadinessWatch(this, _time);
        await Volumes.WaitForAuthoritiesAsync(readiness.ControllerFailure(), cancellationToken);
        _loops.Add(Volumes.RunAsync(_stop.Token));
        foreach (var (node, component) in Agents)
        {
            Directory.CreateDirectory(Paths.StateOf(node));
            await component.StartAsync(cancellationToken);
        }

        progress("waiting for the agents to reach the controller");
        await readiness.WaitAsync(cancellationToken);
    }

    private string CrdDirectory()
    {
        if (_options.CrdDirectory is not null)
        {
            return _options.CrdDirectory;
        }

        var root = _options.Programs.RepositoryRoot();
        return root is not null ? Path.Combine(root, "crds") : Path.Combine(AppContext.BaseDirectory, "crds");
    }
}
