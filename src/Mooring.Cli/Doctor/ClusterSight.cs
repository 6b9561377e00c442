using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Kubernetes.Client;

namespace Mooring.Cli.Doctor;

/// <summary>What the API server says of Mooring and of what may be in its way.</summary>
internal sealed record ClusterSight
{
    public required DateTime Now { get; init; }

    public IReadOnlyList<V1Alpha1VirtualIp> VirtualIps { get; init; } = [];

    public IReadOnlyList<V1Alpha1BackendPool> BackendPools { get; init; } = [];

    public IReadOnlyList<V1Alpha1AddressPool> AddressPools { get; init; } = [];

    public IReadOnlyList<V1Node> Nodes { get; init; } = [];

    /// <summary>The controller's; null when there is none.</summary>
    public V1Lease? Lease { get; init; }

    /// <summary>Configuration of kube-proxy as kubeadm stores it; null where it is not to be found.</summary>
    public string? KubeProxy { get; init; }

    /// <summary>Pods of other programs that announce addresses.</summary>
    public IReadOnlyList<V1Pod> Announcers { get; init; } = [];

    public static async Task<ClusterSight> ReadAsync(
        IKubernetesClient client, string @namespace, TimeProvider time, CancellationToken cancellationToken)
    {
        var announcers = await client.ListAsync<V1Pod>(
            options: new ListOptions { LabelSelector = "app.kubernetes.io/name in (metallb, kube-vip, kube-vip-ds, kube-vip-cloud-provider)" },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        var proxy = await client.GetAsync<V1ConfigMap>("kube-proxy", "kube-system", cancellationToken).ConfigureAwait(false);
        return new ClusterSight
        {
            Now = time.GetUtcNow().UtcDateTime,
            VirtualIps = [.. (await client.ListAsync<V1Alpha1VirtualIp>(cancellationToken: cancellationToken).ConfigureAwait(false)).Items],
            BackendPools = [.. (await client.ListAsync<V1Alpha1BackendPool>(cancellationToken: cancellationToken).ConfigureAwait(false)).Items],
            AddressPools = [.. (await client.ListAsync<V1Alpha1AddressPool>(cancellationToken: cancellationToken).ConfigureAwait(false)).Items],
            Nodes = [.. (await client.ListAsync<V1Node>(cancellationToken: cancellationToken).ConfigureAwait(false)).Items],
            Lease = await client.GetAsync<V1Lease>("mooring-controller", @namespace, cancellationToken).ConfigureAwait(false),
            KubeProxy = proxy?.Data?.TryGetValue("config.conf", out var text) == true ? text : null,
            Announcers = [.. announcers.Items],
        };
    }
}
