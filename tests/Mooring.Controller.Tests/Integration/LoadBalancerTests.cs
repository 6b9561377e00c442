using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.LoadBalancers;
using Mooring.Kubernetes.Client;

namespace Mooring.Controller.Tests.Integration;

/// <summary>
/// Services of type LoadBalancer through the API server: what Kubernetes' own end-to-end tests and those of MetalLB ask of an
/// implementation, as far as it can be seen in objects.
/// </summary>
public sealed class LoadBalancerTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;
    private FakeAgent? _agent;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }

        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Service_OfOurClass_GetsAnAddressAndOwnsItsObjects()
    {
        await StartAsync();

        await _cluster.CreateAsync(Service("web"));

        var service = await IngressAsync("web", "10.70.0.200");
        service.Status!.LoadBalancer!.Ingress![0].IpMode.ShouldBe("VIP");
        service.Metadata.Finalizers!.ShouldContain(ServicePlanner.Finalizer);
        var vip = await _cluster.WaitForConditionAsync("web", "Held", "True");
        vip.Metadata.OwnerReferences!.Single().Uid.ShouldBe(service.Metadata.Uid);
        vip.Spec.Ports.Single().TargetPort!.Value.ShouldBe("http");
        (await PoolAsync("web")).Spec.ServiceRef!.Name.ShouldBe("web");
        await _cluster.WaitForEventAsync("web", "AddressAssigned", "reachable at 10.70.0.200");
    }

    [Fact]
    public async Task Service_OfAnotherClassOrNone_IsLeftAlone()
    {
        await StartAsync();

        await _cluster.CreateAsync(Service("other", spec => spec.LoadBalancerClass = "example.com/other"));
        await _cluster.CreateAsync(Service("none", spec => spec.LoadBalancerClass = null));
        await _cluster.CreateAsync(Service("ours"));
        await IngressAsync("ours", "10.70.0.200");

        foreach (var name in (string[])["other", "none"])
        {
            (await ServiceAsync(name)).Metadata.Finalizers.ShouldBeNull();
            (await _cluster.VipAsync(name)).ShouldBeNull();
        }
    }

    [Fact]
    public async Task Service_WithoutClass_IsServedByTheDefaultLoadBalancer()
    {
        await StartAsync(options => options.DefaultLoadBalancer = true);

        await _cluster.CreateAsync(Service("web", spec => spec.LoadBalancerClass = null));

        await IngressAsync("web", "10.70.0.200");
    }

    [Fact]
    public async Task Service_TypeChangedToClusterIPAndBack_GivesTheAddressUpAndIsServedAgain()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("web"));
        await IngressAsync("web", "10.70.0.200");

        await PatchAsync("web", """{"spec":{"type":"ClusterIP","loadBalancerClass":null}}""");

        await GoneAsync("web");
        var service = await ServiceAsync("web");
        (service.Metadata.Finalizers ?? []).ShouldNotContain(ServicePlanner.Finalizer);
        (service.Status?.LoadBalancer?.Ingress ?? []).ShouldBeEmpty();

        await PatchAsync("web", """{"spec":{"type":"LoadBalancer","loadBalancerClass":"mooring.dev/vip"}}""");
        await IngressAsync("web", "10.70.0.200");
    }

    [Fact]
    public async Task Service_Deleted_IsKeptUntilItsVirtualIpIsGone()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("web"));
        await IngressAsync("web", "10.70.0.200");

        await _cluster.Client.DeleteAsync<V1Service>("web", "default", cancellationToken: Cancelled);

        await Until.TrueAsync(
            async () => await _cluster.Client.GetAsync<V1Service>("web", "default", Cancelled) is null, () => "the Service is gone");
        (await _cluster.VipAsync("web")).ShouldBeNull();
        await Until.TrueAsync(
            async () => (await _cluster.Client.ListAsync<V1Alpha1AddressClaim>(cancellationToken: Cancelled)).Items.Count == 0,
            () => "the address is free");
    }

    [Fact]
    public async Task Service_PortsChanged_ChangesTheVirtualIp()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("web"));
        await IngressAsync("web", "10.70.0.200");

        await PatchAsync("web", """
            {"spec":{"ports":[{"name":"http","port":8081,"targetPort":8080},{"name":"dns","port":53,"protocol":"UDP"},
            {"name":"dns-tcp","port":53,"protocol":"TCP"},{"name":"diameter","port":3868,"protocol":"SCTP"}]}}
            """);

        await Until.TrueAsync(
            async () => (await _cluster.VipAsync("web"))!.Spec.Ports.Select(port => $"{port.Name}:{port.Port}/{port.Protocol}")
                .SequenceEqual(["http:8081/TCP", "dns:53/UDP", "dns-tcp:53/TCP", "diameter:3868/SCTP"]),
            () => "mixed protocols on one address");
        await IngressAsync("web", "10.70.0.200");
    }

    [Fact]
    public async Task Service_VirtualIpChangedByHand_IsPutRightButForFieldsOfOthers()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("web"));
        await IngressAsync("web", "10.70.0.200");

        await _cluster.Client.PatchAsync<V1Alpha1VirtualIp>(
            new V1Patch(
                """{"spec":{"ports":[{"name":"http","port":99,"backendPool":"web"}],"nodeSelector":{"zone":"a"}}}""", V1Patch.PatchType.MergePatch),
            "web",
            "default",
            cancellationToken: Cancelled);

        await Until.TrueAsync(
            async () => (await _cluster.VipAsync("web"))!.Spec is { Ports: [{ Port: 80 }] } spec && spec.NodeSelector?["zone"] == "a",
            () => "the port is back, the selector stays");
    }

    [Fact]
    public async Task Service_SessionAffinity_ReachesThePool()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("web", spec =>
        {
            spec.SessionAffinity = "ClientIP";
            spec.SessionAffinityConfig = new V1SessionAffinityConfig { ClientIP = new V1ClientIPConfig { TimeoutSeconds = 90 } };
        }));
        await IngressAsync("web", "10.70.0.200");

        (await PoolAsync("web")).Spec.SessionAffinity.ShouldNotBeNull().Timeout.ShouldBe("1m30s");
        await PatchAsync("web", """{"spec":{"sessionAffinity":"None","sessionAffinityConfig":null}}""");
        await Until.TrueAsync(
            async () => (await PoolAsync("web")).Spec.SessionAffinity?.Type == "None", () => "no affinity any more");
    }

    [Fact]
    public async Task Service_SourceRanges_ReachTheVirtualIp()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("web", spec => spec.LoadBalancerSourceRanges = ["192.0.2.0/24", " 198.51.100.7/32"]));
        await IngressAsync("web", "10.70.0.200");

        (await _cluster.VipAsync())!.Spec.SourceRanges.ShouldBe(["192.0.2.0/24", "198.51.100.7/32"]);
        await PatchAsync("web", """{"spec":{"loadBalancerSourceRanges":null}}""");
        await Until.TrueAsync(async () => (await _cluster.VipAsync())!.Spec.SourceRanges is null, () => "no ranges any more");
    }

    [Fact]
    public async Task Service_LocalTrafficPolicy_IsHeldWhereAnEndpointIs()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("web", spec => spec.ExternalTrafficPolicy = "Local"));
        await _cluster.CreateSliceAsync("web", "10.71.2.2", "node-2");

        var vip = await _cluster.WaitForVipAsync(
            "web", status => status.Candidates?.Any(node => node is { Node: "node-1", Reason: "NoLocalEndpoints" }) == true, "node-1 has no endpoint");
        vip.Status!.Forwarding!.Reason.ShouldBe("LocalEndpointsOnly");

        await _cluster.CreateSliceAsync("web", "10.71.1.2", "node-1");
        await _cluster.WaitForVipAsync("web", status => status.Holder == "node-1", "node-1 has one now");
        _agent!.Current!.VirtualIps.Single().LocalEndpointsOnly.ShouldBeTrue();

        await PatchAsync("web", """{"spec":{"externalTrafficPolicy":"Cluster"}}""");
        await Until.TrueAsync(() => !_agent.Current!.VirtualIps.Single().LocalEndpointsOnly, "all endpoints again");
    }

    [Fact]
    public async Task Service_HealthCheckNodePort_ReachesTheAgentsWhileThePolicyIsLocal()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("web", spec => spec.ExternalTrafficPolicy = "Local"));
        await _cluster.CreateSliceAsync("web", "10.71.1.2", "node-1");
        var port = (await ServiceAsync("web")).Spec!.HealthCheckNodePort!.Value;

        await Until.TrueAsync(
            () => _agent!.Current?.VirtualIps.SingleOrDefault()?.HealthCheckNodePort == port, $"the agent is told of {port}");

        await PatchAsync("web", """{"spec":{"externalTrafficPolicy":"Cluster"}}""");
        await Until.TrueAsync(() => _agent!.Current!.VirtualIps.Single().HealthCheckNodePort is null, "no port any more");
    }

    [Theory]
    [InlineData("mooring.dev/addresses")]
    [InlineData("metallb.io/loadBalancerIPs")]
    [InlineData("metallb.universe.tf/loadBalancerIPs")]
    [InlineData("kube-vip.io/loadbalancerIPs")]
    [InlineData(null)]
    public async Task Service_AskingForAnAddress_GetsThatOne(string? annotation)
    {
        await StartAsync();
        await _cluster.CreateAsync(Service(
            "web",
            spec => spec.LoadBalancerIP = annotation is null ? "10.70.0.210" : null,
            annotation is null ? null : (annotation, "10.70.0.210")));

        await IngressAsync("web", "10.70.0.210");

        await PatchAsync("web", annotation is null
            ? """{"spec":{"loadBalancerIP":"10.70.0.211"}}"""
            : """{"metadata":{"annotations":{"KEY":"10.70.0.211"}}}""".Replace("KEY", annotation, StringComparison.Ordinal));
        await IngressAsync("web", "10.70.0.211");
    }

    [Fact]
    public async Task Service_AskingForAnAddressOfNoPool_IsToldWhy()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("web", spec => spec.LoadBalancerIP = "10.70.5.1"));

        await _cluster.WaitForEventAsync(
            "web", "AddressNotInPool", "spec.loadBalancerIP: no AddressPool has 10.70.5.1; add the address to one, or ask for another");
    }

    [Fact]
    public async Task Service_AskingForAnAddressInUse_WaitsUntilItIsFree()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("first", spec => spec.LoadBalancerIP = "10.70.0.210"));
        await IngressAsync("first", "10.70.0.210");
        await _cluster.CreateAsync(Service("second", spec => spec.LoadBalancerIP = "10.70.0.210"));
        await _cluster.WaitForEventAsync("second", "AddressTaken", "belongs to default/first");

        await _cluster.Client.DeleteAsync<V1Service>("first", "default", cancellationToken: Cancelled);

        await IngressAsync("second", "10.70.0.210");
    }

    [Fact]
    public async Task Service_PoolAnnotation_TakesFromThatPoolAlsoWithoutAutoAssign()
    {
        await StartAsync();
        await _cluster.ApplyAsync(AddressPool("private", "10.70.0.100-10.70.0.110", "autoAssign: false"));
        await _cluster.CreateAsync(Service("web", annotation: ("metallb.io/address-pool", "private")));

        await IngressAsync("web", "10.70.0.100");
    }

    [Fact]
    public async Task Service_SeveralPools_TakesByPriorityAndThenWhatIsLeft()
    {
        await _cluster.ApplyAsync(AddressPool("small", "10.70.0.100", "priority: 1"));
        await StartAsync();
        await _cluster.CreateAsync(Service("a"));
        await IngressAsync("a", "10.70.0.100");

        await _cluster.CreateAsync(Service("b"));

        await IngressAsync("b", "10.70.0.200");
    }

    [Fact]
    public async Task Services_OfOneSharingKey_ShareAnAddressWhileTheirPortsDiffer()
    {
        await StartAsync();
        await _cluster.CreateAsync(Service("tcp", annotation: ("metallb.io/allow-shared-ip", "dns")));
        await IngressAsync("tcp", "10.70.0.200");
        await _cluster.CreateAsync(Service("udp", spec => spec.Ports![0].Protocol = "UDP", ("mooring.dev/sharing-key", "dns")));
        await IngressAsync("udp", "10.70.0.200");
        await _cluster.CreateAsync(Service("again", annotation: ("mooring.dev/sharing-key", "dns")));

        await IngressAsync("again", "10.70.0.201");
    }

    [Fact]
    public async Task Service_NameOfAVirtualIpOfAUser_TouchesNothing()
    {
        await StartAsync();
        await _cluster.ApplyAsync("""
            apiVersion: mooring.dev/v1alpha1
            kind: VirtualIp
            metadata: {name: web}
            spec:
              addresses: ["10.70.0.99"]
              ports: [{name: http, port: 80, backendPool: web}]
            """);

        await _cluster.CreateAsync(Service("web"));

        await _cluster.WaitForEventAsync("web", "NameTaken", "there is a VirtualIp default/web that does not belong to this Service");
        (await _cluster.VipAsync("web"))!.Spec.Addresses.ShouldBe(["10.70.0.99"]);
    }

    [Fact]
    public async Task Services_ControllerRestarted_KeepTheirAddresses()
    {
        var app = await StartAsync();
        await _cluster.CreateAsync(Service("a"));
        await IngressAsync("a", "10.70.0.200");
        await _cluster.CreateAsync(Service("b"));
        await IngressAsync("b", "10.70.0.201");
        await _cluster.Client.DeleteAsync<V1Service>("a", "default", cancellationToken: Cancelled);
        await GoneAsync("a");

        await _cluster.StopAsync(app);
        await _cluster.StartControllerAsync("two", adoptionSeconds: 0);
        await _cluster.CreateAsync(Service("c"));

        await IngressAsync("c", "10.70.0.200");
        await IngressAsync("b", "10.70.0.201");
    }

    private async Task<Microsoft.AspNetCore.Builder.WebApplication> StartAsync(Action<ControllerOptions>? configure = null)
    {
        await _cluster.ApplyAsync(AddressPool("public", "10.70.0.200-10.70.0.220"));
        var (url, agents, app) = await _cluster.StartControllerAsync(configure: configure);
        _agent = await TestCluster.ConnectAgentAsync(url, agents, "node-1");
        return app;
    }

    private static string AddressPool(string name, string range, string more = "autoAssign: true") => $$"""
        apiVersion: mooring.dev/v1alpha1
        kind: AddressPool
        metadata: {name: {{name}}}
        spec:
          addresses: ["{{range}}"]
          {{more}}
        """;

    private static V1Service Service(string name, Action<V1ServiceSpec>? change = null, (string Key, string Value)? annotation = null)
    {
        var service = new V1Service
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = "default",
                Annotations = annotation is { } entry ? new Dictionary<string, string> { [entry.Key] = entry.Value } : null,
            },
            Spec = new V1ServiceSpec
            {
                Type = "LoadBalancer",
                LoadBalancerClass = ServicePlanner.LoadBalancerClass,
                Selector = new Dictionary<string, string> { ["app"] = "web" },
                Ports = [new V1ServicePort { Name = "http", Port = 80, TargetPort = 8080 }],
            },
        };
        change?.Invoke(service.Spec);
        return service;
    }

    private async Task<V1Service> ServiceAsync(string name) =>
        (await _cluster.Client.GetAsync<V1Service>(name, "default", Cancelled))!;

    private async Task<V1Alpha1BackendPool> PoolAsync(string name) =>
        (await _cluster.Client.GetAsync<V1Alpha1BackendPool>(name, "default", Cancelled))!;

    private Task<V1Service> PatchAsync(string name, string patch) => _cluster.Client.PatchAsync<V1Service>(
        new V1Patch(patch, V1Patch.PatchType.MergePatch), name, "default", cancellationToken: Cancelled);

    private async Task<V1Service> IngressAsync(string name, string address)
    {
        V1Service? service = null;
        await Until.TrueAsync(
            async () =>
            {
                service = await ServiceAsync(name);
                return service.Status?.LoadBalancer?.Ingress is [{ Ip: var ip }] && ip == address;
            },
            () => $"{name} at {address}; it is {k8s.KubernetesJson.Serialize(service)}");
        return service!;
    }

    private Task GoneAsync(string name) => Until.TrueAsync(
        async () => await _cluster.VipAsync(name) is null
            && (await _cluster.Client.GetAsync<V1Service>(name, "default", Cancelled))?.Metadata.Finalizers?.Contains(ServicePlanner.Finalizer) != true,
        () => $"the VirtualIp of {name} is gone");
}
