using System.Collections.Immutable;
using System.Net;
using k8s;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Core.Snapshots;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Controller.World;

/// <summary>Reads the caches and says when they change.</summary>
internal sealed class WorldReader(
    IInformer<V1Alpha1VirtualIp> virtualIps,
    IInformer<V1Alpha1BackendPool> pools,
    IInformer<V1Service> services,
    IInformer<V1EndpointSlice> slices,
    IInformer<V1Pod> pods,
    IInformer<V1Node> nodes,
    IInformer<V1Namespace> namespaces,
    IInformer<V1Alpha1AddressPool> addressPools,
    IInformer<V1Alpha1AddressClaim> claims)
{
    public IStore<V1Alpha1VirtualIp> VirtualIps => virtualIps.Store;

    public IStore<V1Alpha1BackendPool> BackendPools => pools.Store;

    public bool HasNode(string name) => nodes.Store.Get(new ObjectKey("", name)) is not null;

    /// <summary>Every cache has been filled once.</summary>
    public bool Synced => WaitForSyncAsync(CancellationToken.None).IsCompletedSuccessfully;

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => Task.WhenAll(
        virtualIps.WaitForSyncAsync(cancellationToken),
        pools.WaitForSyncAsync(cancellationToken),
        services.WaitForSyncAsync(cancellationToken),
        slices.WaitForSyncAsync(cancellationToken),
        pods.WaitForSyncAsync(cancellationToken),
        nodes.WaitForSyncAsync(cancellationToken),
        namespaces.WaitForSyncAsync(cancellationToken),
        addressPools.WaitForSyncAsync(cancellationToken),
        claims.WaitForSyncAsync(cancellationToken));

    /// <summary>Raises <paramref name="signal"/> after every change until the registration is disposed.</summary>
    /// <param name="signal">For changes that a snapshot may follow from.</param>
    /// <param name="later">For changes of nothing but the status of an object of ours, which the controller itself writes.</param>
    public IDisposable Subscribe(ChangeSignal signal, DelayedSignal later)
    {
        return new Registrations(
        [
            virtualIps.Subscribe((_, old, now) => Raise(old, now)),
            pools.Subscribe((_, old, now) => Raise(old, now)),
            services.Subscribe((_, _, _) => signal.Raise()),
            slices.Subscribe((_, _, _) => signal.Raise()),
            pods.Subscribe((_, _, _) => signal.Raise()),
            nodes.Subscribe((_, _, _) => signal.Raise()),
            namespaces.Subscribe((_, _, _) => signal.Raise()),
            addressPools.Subscribe((_, old, now) => Raise(old, now)),
            claims.Subscribe((_, _, _) => signal.Raise()),
        ]);

        void Raise(IMetadata<V1ObjectMeta>? old, IMetadata<V1ObjectMeta>? now)
        {
            if (old is not null && now is not null && HaveOneSpec(old.Metadata, now.Metadata))
            {
                later.Raise();
            }
            else
            {
                signal.Raise();
            }
        }
    }

    /// <summary>A generation is one spec; of the metadata only what is read here counts.</summary>
    private static bool HaveOneSpec(V1ObjectMeta old, V1ObjectMeta now) =>
        now.Generation is not null && old.Generation == now.Generation && old.Uid == now.Uid
        && old.DeletionTimestamp == now.DeletionTimestamp
        && Same(old.Labels, now.Labels) && Same(old.Annotations, now.Annotations)
        && (old.OwnerReferences ?? []).Select(owner => owner.Uid).SequenceEqual((now.OwnerReferences ?? []).Select(owner => owner.Uid));

    private static bool Same(IDictionary<string, string>? old, IDictionary<string, string>? now) =>
        (old?.Count ?? 0) == (now?.Count ?? 0)
        && (now is null || now.All(entry => old!.TryGetValue(entry.Key, out var value) && value == entry.Value));

    public ClusterWorld Read(
        AgentsView agents,
        ImmutableDictionary<IPAddress, NamespacedName> addressOwners,
        ImmutableArray<HeartbeatKey> keys) => new()
    {
        VirtualIps = virtualIps.Store.List(),
        BackendPools = pools.Store.List(),
        Services = services.Store.List(),
        EndpointSlices = slices.Store.List(),
        Pods = pods.Store.List(),
        Nodes = nodes.Store.List(),
        Namespaces = namespaces.Store.List(),
        AddressPools = addressPools.Store.List(),
        AddressClaims = claims.Store.List(),
        Agents = agents.Agents,
        Holders = agents.Holders,
        Terms = agents.Terms,
        Refusals = agents.Refusals,
        Failures = agents.Failures,
        Probes = agents.Probes,
        ProbingNodes = agents.ProbingNodes,
        AddressOwners = addressOwners,
        HeartbeatKeys = keys,
    };

    private sealed class Registrations(IReadOnlyList<IDisposable> all) : IDisposable
    {
        public void Dispose()
        {
            foreach (var registration in all)
            {
                registration.Dispose();
            }
        }
    }
}
