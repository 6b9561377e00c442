using System.Net.Http.Headers;
using System.Text;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Hosting;
using Mooring.Core.Placement;
using Mooring.Kubernetes.Client;
using Mooring.Sandbox.KubeApi;

namespace Mooring.Controller.Tests.Integration;

/// <summary>The sandbox's API server with our CRDs, three Nodes and three pods, and controllers on demand.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Collections = new(StringComparer.Ordinal)
    {
        ["CustomResourceDefinition"] = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        ["Namespace"] = "/api/v1/namespaces",
        ["VirtualIp"] = "/apis/mooring.dev/v1alpha1/namespaces/default/virtualips",
        ["AddressPool"] = "/apis/mooring.dev/v1alpha1/addresspools",
        ["BackendPool"] = "/apis/mooring.dev/v1alpha1/namespaces/default/backendpools",
    };

    private readonly ApiServer _server;
    private readonly string _kubeconfig;
    private readonly HttpClient _http;
    private readonly KubernetesClient _client;
    private readonly List<WebApplication> _controllers = [];

    private TestCluster(ApiServer server)
    {
        _server = server;
        _kubeconfig = Path.GetTempFileName();
        File.WriteAllText(_kubeconfig, server.Kubeconfig);
        _http = new HttpClient { BaseAddress = server.Address };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.Token);
        _client = new KubernetesClient(Configuration);
    }

    public IKubernetesClient Client => _client;

    /// <summary>The API server resets every connection while this is true.</summary>
    public bool ServerAway
    {
        set
        {
            if (value)
            {
                _server.GoAway();
            }
            else
            {
                _server.ComeBack();
            }
        }
    }

    /// <summary>Path of a kubeconfig for programs of their own.</summary>
    public string Kubeconfig => _kubeconfig;

    private KubernetesClientConfiguration Configuration =>
        KubernetesClientConfiguration.BuildConfigFromConfigFile(_kubeconfig);

    public static async Task<TestCluster> StartAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var cluster = new TestCluster(await ApiServer.StartAsync(new ApiServerOptions { Tls = false }, cancellationToken));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Root(), "crds")))
        {
            await cluster.ApplyAsync(await File.ReadAllTextAsync(file, cancellationToken));
        }

        await cluster.ApplyAsync("""
            apiVersion: v1
            kind: Namespace
            metadata: {name: mooring-system}
            """);
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    await cluster.Client.ListAsync<V1Alpha1VirtualIp>(cancellationToken: cancellationToken);
                    return true;
                }
                catch (KubernetesException)
                {
                    return false;
                }
            },
            () => "CRDs served");
        for (var i = 1; i <= 3; i++)
        {
            await cluster.CreateAsync(Fixtures.Node($"node-{i}"));
            await cluster.CreatePodAsync(Fixtures.Pod($"web-{i}", $"10.71.{i}.2", $"node-{i}"));
        }

        return cluster;
    }

    public async Task<(string Url, AgentRegistry Agents, WebApplication App)> StartControllerAsync(
        string identity = "one", bool leaderElect = false, int adoptionSeconds = 20, Action<ControllerOptions>? configure = null,
        ILoggerProvider? log = null)
    {
        var app = ControllerHost.Build(
            Configuration,
            options =>
            {
                options.Listen = "http://127.0.0.1:0";
                options.Insecure = true;
                options.LeaderElect = leaderElect;
                options.Identity = identity;
                options.AgentGrace = TimeSpan.FromSeconds(1);
                options.AdoptionGrace = TimeSpan.FromSeconds(adoptionSeconds);
                configure?.Invoke(options);
            },
            logging =>
            {
                logging.ClearProviders();
                if (log is not null)
                {
                    logging.AddProvider(log).SetMinimumLevel(LogLevel.Trace);
                }
            });
        _controllers.Add(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return (app.Urls.Single(), app.Services.GetRequiredService<AgentRegistry>(), app);
    }

    /// <summary>An agent that claims what it is ranked first for. A controller that has just started may refuse it at first.</summary>
    public static async Task<FakeAgent> ConnectAgentAsync(
        string url, AgentRegistry agents, string node, IReadOnlySet<string>? occupied = null)
    {
        FakeAgent? agent = null;
        await Until.TrueAsync(
            async () =>
            {
                agent = await FakeAgent.ConnectAsync(url, node, $"10.70.0.1{node[^1]}", claims: true, occupied: occupied);
                await Until.TrueAsync(
                    () => agent.Ended is not null || agents.View().Agents.GetValueOrDefault(node)?.Presence == AgentPresence.Connected,
                    $"{node} connected or refused");
                if (agent.Ended is null)
                {
                    return true;
                }

                await agent.DisposeAsync();
                return false;
            },
            () => $"connected {node}");
        return agent!;
    }

    public async Task StopAsync(WebApplication controller)
    {
        _controllers.Remove(controller);
        await controller.StopAsync(CancellationToken.None);
        await controller.DisposeAsync();
    }

    /// <summary>Server-side apply of each document, as kubectl would.</summary>
    public async Task ApplyAsync(string yaml)
    {
        foreach (var document in yaml.Split("\n---\n"))
        {
            var answer = await TryApplyAsync(document);
            answer.Error.ShouldBeNull();
        }
    }

    /// <returns>The server's words when it refuses.</returns>
    public async Task<(int Status, string? Error)> TryApplyAsync(string document)
    {
        var kind = Field(document, "kind");
        var name = Field(document[document.IndexOf("metadata", StringComparison.Ordinal)..], "name");
        using var content = new StringContent(document, Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/apply-patch+yaml");
        using var response = await _http.PatchAsync(
            $"{Collections[kind]}/{name}?fieldManager=test&force=true", content, TestContext.Current.CancellationToken);
        return (
            (int)response.StatusCode,
            response.IsSuccessStatusCode
                ? null : await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public Task<T> CreateAsync<T>(T entity)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        entity.Metadata.Uid = null;
        entity.Metadata.CreationTimestamp = null;
        entity.Metadata.Generation = null;
        return Client.CreateAsync(entity, TestContext.Current.CancellationToken);
    }

    public async Task CreatePodAsync(V1Pod pod)
    {
        var status = pod.Status;
        var created = await CreateAsync(pod);
        created.Status = status;
        await Client.UpdateStatusAsync(created, TestContext.Current.CancellationToken);
    }

    /// <summary>An EndpointSlice of a Service's port "http" with one ready endpoint.</summary>
    public Task<V1EndpointSlice> CreateSliceAsync(string service, string address, string node) => CreateAsync(new V1EndpointSlice
    {
        Metadata = new V1ObjectMeta
        {
            Name = $"{service}-{node}",
            NamespaceProperty = "default",
            Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = service },
        },
        AddressType = "IPv4",
        Endpoints = [new V1Endpoint { Addresses = [address], NodeName = node, Conditions = new V1EndpointConditions { Ready = true } }],
        Ports = [new Discoveryv1EndpointPort { Name = "http", Port = 8080, Protocol = "TCP" }],
    });

    public async Task SetPodReadyAsync(string name, bool ready)
    {
        var pod = (await Client.GetAsync<V1Pod>(name, "default", TestContext.Current.CancellationToken))!;
        pod.Status!.Conditions = [new V1PodCondition { Type = "Ready", Status = ready ? "True" : "False" }];
        await Client.UpdateStatusAsync(pod, TestContext.Current.CancellationToken);
    }

    /// <summary>What the kubelet would get for a pod's projected volume; the account is made when it is not there.</summary>
    /// <param name="pod">Bound to this pod of the account, which is made when it is not there; null for none.</param>
    public async Task<string> TokenAsync(
        string node, string? pod = "agent", string account = "mooring-agent", string audience = "mooring")
    {
        await EnsureAsync($$$"""{"metadata":{"name":"{{{account}}}"}}""", "serviceaccounts", account);
        if (pod is not null)
        {
            await EnsureAsync(
                $$$"""{"metadata":{"name":"{{{pod}}}"},"spec":{"nodeName":"{{{node}}}","serviceAccountName":"{{{account}}}","containers":[{"name":"agent","image":"i"}]}}""",
                "pods",
                pod);
        }

        var bound = pod is null ? "" : $$$""","boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"{{{pod}}}"}""";
        var answer = await PostAsync(
            $"/api/v1/namespaces/mooring-system/serviceaccounts/{account}/token",
            $$$"""{"spec":{"audiences":["{{{audience}}}"]{{{bound}}}}}""");
        return (string)System.Text.Json.Nodes.JsonNode.Parse(answer)!["status"]!["token"]!;
    }

    public Task<V1Alpha1VirtualIp?> VipAsync(string name = "web") =>
        Client.GetAsync<V1Alpha1VirtualIp>(name, "default", TestContext.Current.CancellationToken);

    public async Task<V1Alpha1VirtualIp> WaitForVipAsync(string name, Func<VirtualIpStatus, bool> condition, string what)
    {
        V1Alpha1VirtualIp? vip = null;
        await Until.TrueAsync(
            async () =>
            {
                vip = await VipAsync(name);
                return vip?.Status is { } status && condition(status);
            },
            () => $"{what}; the status is {KubernetesJson.Serialize(vip?.Status)}");
        return vip!;
    }

    public Task<V1Alpha1VirtualIp> WaitForConditionAsync(string name, string type, string status, string? reason = null) =>
        WaitForVipAsync(
            name,
            current => current.Conditions?.Any(condition =>
                condition.Type == type && condition.Status == status && (reason is null || condition.Reason == reason)) == true,
            $"{type}={status} {reason}");

    public async Task<string> WaitForEventAsync(string about, string reason, string text)
    {
        string? message = null;
        var seen = "";
        await Until.TrueAsync(
            async () =>
            {
                var events = await Client.ListAsync<Corev1Event>("default", cancellationToken: TestContext.Current.CancellationToken);
                seen = string.Join("\n", events.Items.Select(item => $"{item.InvolvedObject.Name} {item.Reason} {item.Message}"));
                message = events.Items.FirstOrDefault(item => item.InvolvedObject.Name == about && item.Reason == reason
                    && item.Message?.Contains(text, StringComparison.Ordinal) == true)?.Message;
                return message is not null;
            },
            () => $"Event {reason} of {about} with '{text}' among:\n{seen}");
        return message!;
    }

    /// <summary>What the Secrets of the controller held when it was stopped, in the spellings in which it could get into a log.</summary>
    public IReadOnlyList<string> Secrets { get; private set; } = [];

    private async Task<IReadOnlyList<string>> ReadSecretsAsync()
    {
        var found = new List<string>();
        foreach (var secret in (await Client.ListAsync<V1Secret>("mooring-system")).Items)
        {
            foreach (var (entry, value) in secret.Data ?? new Dictionary<string, byte[]>())
            {
                if (entry.EndsWith("key", StringComparison.Ordinal))
                {
                    found.AddRange([Convert.ToBase64String(value), Convert.ToHexString(value), Convert.ToHexStringLower(value)]);

                    // Of PEM the first line within. Other keys are random bytes: as text they may be no more than an empty line.
                    if (Encoding.ASCII.GetString(value).Split('\n') is [['-', '-', '-', ..], var first, _, ..])
                    {
                        found.Add(first);
                    }
                }
            }
        }

        return found;
    }

    private async Task EnsureAsync(string json, string collection, string name)
    {
        var path = $"/api/v1/namespaces/mooring-system/{collection}";
        using var found = await _http.GetAsync($"{path}/{name}", TestContext.Current.CancellationToken);
        if (!found.IsSuccessStatusCode)
        {
            await PostAsync(path, json);
        }
    }

    private async Task<string> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(path, content, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode ? answer : throw new InvalidOperationException($"{path}: {answer}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var controller in _controllers)
        {
            await controller.StopAsync(CancellationToken.None);
            await controller.DisposeAsync();
        }

        Secrets = await ReadSecretsAsync();
        _client.Dispose();
        _http.Dispose();
        await _server.DisposeAsync();
        File.Delete(_kubeconfig);
    }

    public static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("not in the repository");
    }

    private static string Field(string document, string name)
    {
        var at = document.IndexOf($"{name}: ", StringComparison.Ordinal) + name.Length + 2;
        return new string(document[at..].TakeWhile(c => !char.IsWhiteSpace(c) && c is not ('}' or ',')).ToArray());
    }
}
