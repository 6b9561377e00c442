using System.Collections.Immutable;
using System.Net;
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
    public IDisposable Subscribe(ChangeSignal signal)
    {
        return new Registrations(
        [
            virtualIps.Subscribe((_, _, _) => signal.Raise()),
            pools.Subscribe((_, _, _) => signal.Raise()),
            services.Subscribe((_, _, _) => signal.Raise()),
            slices.Subscribe((_, _, _) => signal.Raise()),
            pods.Subscribe((_, _, _) => signal.Raise()),
            nodes.Subscribe((_, _, _) => signal.Raise()),
            namespaces.Subscribe((_, _, _) => signal.Raise()),
            addressPools.Subscribe((_, _, _) => signal.Raise()),
            claims.Subscribe((_, _, _) => signal.Raise()),
        ]);
    }

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
