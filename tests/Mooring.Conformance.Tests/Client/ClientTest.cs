using k8s.Models;
using Mooring.Conformance.Tests.Cluster;
using Mooring.Kubernetes.Client;

namespace Mooring.Conformance.Tests.Client;

/// <summary>A case that speaks to the cluster through the typed client alone.</summary>
public abstract class ClientTest(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    private protected new ListOptions Selected => new() { LabelSelector = Label };

    private protected string Label => $"case={Case}";

    private protected V1ObjectMeta Meta(string? name = null) => new()
    {
        Name = name ?? Name(),
        NamespaceProperty = Namespace,
        Labels = new Dictionary<string, string> { ["case"] = Case },
    };

    private protected V1ConfigMap NewMap(string? name = null, string value = "v") =>
        new() { Metadata = Meta(name), Data = new Dictionary<string, string> { ["k"] = value } };

    private protected V1Service NewService() => new()
    {
        Metadata = Meta(),
        Spec = new V1ServiceSpec
        {
            Type = "LoadBalancer",
            LoadBalancerClass = "conformance.mooring.dev/none",
            Ports = [new V1ServicePort { Port = 80, TargetPort = "http" }],
        },
    };

    private protected Task<V1ConfigMap> ChangeAsync(string name, string value) => Client.PatchAsync<V1ConfigMap>(
        new V1Patch($$$"""{"data":{"k":"{{{value}}}"}}""", V1Patch.PatchType.MergePatch), name, Namespace, cancellationToken: Token);
}
