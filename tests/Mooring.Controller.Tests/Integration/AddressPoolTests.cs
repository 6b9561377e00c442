using System.Collections.Concurrent;
using System.Globalization;
using k8s;
using Mooring.Api.V1Alpha1;

namespace Mooring.Controller.Tests.Integration;

/// <summary>Addresses of pools, through the API server.</summary>
public sealed class AddressPoolTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Pool_NamedByAVirtualIp_GivesAnAddressThatNodesServe()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await using var agent = await TestCluster.ConnectAgentAsync(url, agents, "node-1");
        await PoolAsync("public", "[\"10.70.0.10-10.70.0.12\", \"fd00:70::/64\"]");
        await WebPoolAsync();

        await VipAsync("web");

        var vip = await _cluster.WaitForConditionAsync("web", "Ready", "True");
        vip.Status!.Addresses.ShouldBe(["10.70.0.10"], "the node has 10.70.0.11 itself, this is the first");
        await _cluster.WaitForEventAsync("web", "AddressAssigned", "10.70.0.10 of AddressPool public");
        var claim = (await ClaimsAsync()).Single();
        claim.Metadata.Name.ShouldBe("10.70.0.10");
        claim.Spec.Owners.Single().Name.ShouldBe("web");

        await VipAsync("second");
        await _cluster.WaitForVipAsync("second", status => status.Addresses?.SingleOrDefault() == "10.70.0.12", "not the node's own");
        var pool = await WaitForPoolAsync("public", status => status.Assigned == 2, "both counted");
        pool.Available.ShouldBe(long.MaxValue);
        pool.Total.ShouldBe(long.MaxValue, "a /64 has more than a number can say");
    }

    [Fact]
    public async Task Pool_AddressThatAnotherMachineUses_IsLeftOutAndReported()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await using var agent = await TestCluster.ConnectAgentAsync(
            url, agents, "node-1", new HashSet<string> { "10.70.0.20", "10.70.0.21" });
        await PoolAsync("public", "[\"10.70.0.20-10.70.0.30\"]");
        await WebPoolAsync();

        await VipAsync("web");

        await _cluster.WaitForVipAsync("web", status => status.Addresses is ["10.70.0.22"], "the first that nobody uses");
        await WaitForPoolAsync(
            "public",
            status => status.Conditions!.Any(condition => condition.Message!.Contains(
                "left out because other machines use them: 10.70.0.20, 10.70.0.21", StringComparison.Ordinal)),
            "both are named");
        (await ClaimsAsync()).Select(claim => claim.Metadata.Name).ShouldBe(["10.70.0.22"]);
    }

    [Fact]
    public async Task Pool_AddressFoundFreeAndGivenBack_IsLookedForAgain()
    {
        var occupied = new HashSet<string>();
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await using var agent = await TestCluster.ConnectAgentAsync(url, agents, "node-1", occupied);
        await PoolAsync("public", "[\"10.70.0.20-10.70.0.30\"]");
        await WebPoolAsync();
        await VipAsync("web");
        await _cluster.WaitForVipAsync("web", status => status.Addresses is ["10.70.0.20"], "it is free");
        occupied.Add("10.70.0.20");
        await _cluster.Client.DeleteAsync<V1Alpha1VirtualIp>("web", "default", cancellationToken: Cancelled);
        await Until.TrueAsync(async () => (await ClaimsAsync()).Count == 0, () => "it is given back");

        await VipAsync("next");

        await _cluster.WaitForVipAsync("next", status => status.Addresses is ["10.70.0.21"], "somebody uses the other one now");
    }

    [Fact]
    public async Task Pool_DualStack_GivesOneOfEachFamily()
    {
        await _cluster.StartControllerAsync();
        await PoolAsync("public", "[\"10.70.0.20-10.70.0.30\", \"fd00:70::100-fd00:70::1ff\"]");
        await WebPoolAsync();

        await VipAsync("web", "ipFamilies: [IPv6, IPv4]");

        await _cluster.WaitForVipAsync(
            "web", status => status.Addresses is ["fd00:70::100", "10.70.0.20"], "an address of each in the order of the spec");
        (await ClaimsAsync()).Select(claim => claim.Metadata.Name).Order(StringComparer.Ordinal)
            .ShouldBe(["10.70.0.20", "fd00-70-0-0-0-0-0-100"]);
    }

    [Fact]
    public async Task Pool_EditedAndControllerRestarted_LeavesAddressesWhereTheyAre()
    {
        var (_, _, first) = await _cluster.StartControllerAsync();
        await PoolAsync("public", "[\"10.70.0.20-10.70.0.30\"]");
        await WebPoolAsync();
        await VipAsync("a");
        await AddressesAsync("a", "10.70.0.20");
        await VipAsync("b");
        await AddressesAsync("b", "10.70.0.21");

        await _cluster.StopAsync(first);
        await PoolAsync("public", "[\"10.70.0.40-10.70.0.41\"]");
        await _cluster.StartControllerAsync("two", adoptionSeconds: 0);
        await VipAsync("c");

        await AddressesAsync("c", "10.70.0.40");
        await AddressesAsync("a", "10.70.0.20");
        await AddressesAsync("b", "10.70.0.21");
        var status = await WaitForPoolAsync("public", status => status.Assigned == 3, "all counted");
        status.Available.ShouldBe(1);
        status.Conditions!.Single(condition => condition.Type == "CoversClaims").Message.ShouldNotBeNull()
            .ShouldContain("10.70.0.20, 10.70.0.21");
    }

    [Fact]
    public async Task Pool_UsedUp_SaysSoAndGivesWhatComesFree()
    {
        await _cluster.StartControllerAsync();
        await PoolAsync("public", "[\"10.70.0.20\"]");
        await WebPoolAsync();
        await VipAsync("a");
        await AddressesAsync("a", "10.70.0.20");

        await VipAsync("b");
        var refused = await _cluster.WaitForConditionAsync("b", "Accepted", "False", "AddressPoolExhausted");
        refused.Status!.Conditions!.Single(condition => condition.Type == "Accepted").Message.ShouldNotBeNull()
            .ShouldContain("spec.addressPool: AddressPool 'public' has no free IPv4 address left; add addresses to it");
        await WaitForPoolAsync(
            "public", status => status.Conditions!.Any(condition => condition is { Type: "AddressesAvailable", Status: "False" }), "used up");

        await _cluster.Client.DeleteAsync<V1Alpha1VirtualIp>("a", "default", cancellationToken: Cancelled);
        await AddressesAsync("b", "10.70.0.20");
        (await ClaimsAsync()).Single().Spec.Owners.Single().Name.ShouldBe("b");
    }

    [Fact]
    public async Task Pool_OverlappingAnOlderOne_IsRefusedAndGivesNothing()
    {
        await _cluster.StartControllerAsync();
        await PoolAsync("public", "[\"10.70.0.20-10.70.0.30\"]");
        await WaitForPoolAsync("public", status => status.Available == 11, "accepted");

        await PoolAsync("second", "[\"10.70.1.0/24\", \"10.70.0.30-10.70.0.40\"]");
        await WebPoolAsync();
        await VipAsync("web", pool: "second");

        await WaitForPoolAsync(
            "second",
            status => status.Conditions!.Any(condition => condition is { Type: "Accepted", Reason: "PoolsOverlap" }
                && condition.Message!.Contains("spec.addresses[1]: 10.70.0.30-10.70.0.40 overlaps 10.70.0.20-10.70.0.30 of AddressPool 'public'", StringComparison.Ordinal)),
            "refused");
        await _cluster.WaitForConditionAsync("web", "Accepted", "False", "InvalidAddressPool");
    }

    [Fact]
    public async Task Pool_AddressAskedFor_IsGivenOnceAndNeverAFixedOne()
    {
        await _cluster.StartControllerAsync();
        await PoolAsync("public", "[\"10.70.0.20-10.70.0.30\"]");
        await WebPoolAsync();
        await _cluster.ApplyAsync(Vip("fixed", "addresses: [10.70.0.20]"));
        await AddressesAsync("fixed", "10.70.0.20");

        await VipAsync("asks", "requestedAddresses: [10.70.0.25]");
        await AddressesAsync("asks", "10.70.0.25");
        await VipAsync("late", "requestedAddresses: [10.70.0.25]");
        await _cluster.WaitForConditionAsync("late", "Accepted", "False", "AddressTaken");
        await VipAsync("any");
        await AddressesAsync("any", "10.70.0.21");

        await VipAsync("late", "requestedAddresses: [10.70.0.26]");
        await AddressesAsync("late", "10.70.0.26");
        await VipAsync("asks", "requestedAddresses: [10.70.0.27]");
        await AddressesAsync("asks", "10.70.0.27");
        await Until.TrueAsync(
            async () => (await ClaimsAsync()).All(claim => claim.Metadata.Name != "10.70.0.25"), () => "10.70.0.25 given back");
    }

    [Fact]
    public async Task Pool_SharingKey_LetsOtherPortsHaveTheSameAddress()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await using var agent = await TestCluster.ConnectAgentAsync(url, agents, "node-1");
        await PoolAsync("public", "[\"10.70.0.20-10.70.0.30\"]");
        await WebPoolAsync();

        await VipAsync("web", "sharingKey: one", port: 80);
        await AddressesAsync("web", "10.70.0.20");
        await VipAsync("mail", "sharingKey: one", port: 25);
        await AddressesAsync("mail", "10.70.0.20");
        await VipAsync("web2", "sharingKey: one", port: 80);
        await AddressesAsync("web2", "10.70.0.21");

        await _cluster.WaitForConditionAsync("web", "Ready", "True");
        await _cluster.WaitForConditionAsync("mail", "Ready", "True");
        agent.Current!.VirtualIps.Count(vip => vip.Addresses[0].Address.ToString() == "10.70.0.20").ShouldBe(2);
        await _cluster.Client.DeleteAsync<V1Alpha1VirtualIp>("web", "default", cancellationToken: Cancelled);
        await Until.TrueAsync(
            async () => (await ClaimsAsync()).Single(claim => claim.Metadata.Name == "10.70.0.20").Spec.Owners is [{ Name: "mail" }],
            () => "the address stays with the other");
    }

    [Fact]
    public async Task Pool_ForOneNamespaceAndLabel_IsRefusedToOthers()
    {
        await _cluster.StartControllerAsync();
        await _cluster.ApplyAsync("""
            apiVersion: mooring.dev/v1alpha1
            kind: AddressPool
            metadata: {name: public}
            spec:
              addresses: ["10.70.0.20-10.70.0.30"]
              namespaceSelector: {matchLabels: {tier: front}}
            """);
        await WebPoolAsync();
        await VipAsync("web");
        await _cluster.WaitForConditionAsync("web", "Accepted", "False", "AddressPoolNotAllowed");

        await _cluster.ApplyAsync("""
            apiVersion: v1
            kind: Namespace
            metadata: {name: default, labels: {tier: front}}
            """);

        await AddressesAsync("web", "10.70.0.20");
    }

    [Fact]
    public async Task Pool_TwoControllersAtOnce_NeverGiveOneAddressTwice()
    {
        const int Count = 120;
        await _cluster.StartControllerAsync("one");
        await _cluster.StartControllerAsync("two");
        await PoolAsync("public", "[\"10.70.16.0/20\"]");
        await WebPoolAsync();

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Count), Cancelled, async (i, _) => await VipAsync(string.Create(CultureInfo.InvariantCulture, $"v{i}")));

        var addresses = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await Until.TrueAsync(
            async () =>
            {
                var vips = await _cluster.Client.ListAsync<V1Alpha1VirtualIp>("default", cancellationToken: Cancelled);
                foreach (var vip in vips.Items.Where(vip => vip.Status?.Addresses is [_]))
                {
                    addresses.GetOrAdd(vip.Metadata.Name!, vip.Status!.Addresses![0])
                        .ShouldBe(vip.Status!.Addresses![0], "an address that was told never changes");
                }

                return addresses.Count == Count;
            },
            () => $"{addresses.Count} of {Count} have an address");

        addresses.Values.ShouldBeUnique();
        await Until.TrueAsync(
            async () =>
            {
                var claims = await ClaimsAsync();
                return claims.SelectMany(claim => claim.Spec.Owners.Select(owner => (owner.Name, claim.Spec.Address))).Order()
                    .SequenceEqual(addresses.Select(entry => (entry.Key, entry.Value)).Order());
            },
            () => "one claim for each, what the other controller took as well is given back");
    }

    private Task PoolAsync(string name, string addresses) => _cluster.ApplyAsync($$"""
        apiVersion: mooring.dev/v1alpha1
        kind: AddressPool
        metadata: {name: {{name}}}
        spec: {addresses: {{addresses}}}
        """);

    private Task WebPoolAsync() => _cluster.ApplyAsync("""
        apiVersion: mooring.dev/v1alpha1
        kind: BackendPool
        metadata: {name: web}
        spec: {selector: {app: web}}
        """);

    private Task VipAsync(string name, string? more = null, string pool = "public", int port = 80) =>
        _cluster.ApplyAsync(Vip(name, $"addressPool: {pool}" + (more is null ? "" : $"\n  {more}"), port));

    private static string Vip(string name, string spec, int port = 80) => $$"""
        apiVersion: mooring.dev/v1alpha1
        kind: VirtualIp
        metadata: {name: {{name}}}
        spec:
          {{spec}}
          ports: [{name: http, port: {{port}}, backendPool: web, targetPort: 8080}]
        """;

    private Task<V1Alpha1VirtualIp> AddressesAsync(string name, params string[] addresses) => _cluster.WaitForVipAsync(
        name, status => status.Addresses?.SequenceEqual(addresses) == true, $"{name} has {string.Join(", ", addresses)}");

    private async Task<IReadOnlyList<V1Alpha1AddressClaim>> ClaimsAsync() =>
        (await _cluster.Client.ListAsync<V1Alpha1AddressClaim>(cancellationToken: Cancelled)).Items;

    private async Task<AddressPoolStatus> WaitForPoolAsync(string name, Func<AddressPoolStatus, bool> condition, string what)
    {
        V1Alpha1AddressPool? pool = null;
        await Until.TrueAsync(
            async () =>
            {
                pool = await _cluster.Client.GetAsync<V1Alpha1AddressPool>(name, cancellationToken: Cancelled);
                return pool?.Status is { } status && condition(status);
            },
            () => $"{what}; the status is {KubernetesJson.Serialize(pool?.Status)}");
        return pool!.Status!;
    }
}
