using System.Security.Cryptography;
using Mooring.Kubernetes.Client;

namespace Mooring.Conformance.Tests.Cluster;

/// <summary>What every case needs: the cluster, and names that no other case has.</summary>
public abstract class ConformanceTest(ConformanceCluster cluster)
{
    private protected ConformanceCluster Cluster { get; } = cluster;

    private protected KubernetesClient Client => Cluster.Client;

    private protected RawApi Api => Cluster.Api;

    private protected string Namespace => Cluster.Namespace;

    /// <summary>The value of the label <c>case</c> that sets this case's objects apart.</summary>
    private protected string Case { get; } = "c" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));

    private protected string Selected => $"labelSelector=case%3D{Case}";

    private protected string Maps => Of("configmaps");

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Path of a core resource in the suite's namespace, or of one object of it.</summary>
    private protected string Of(string resource, string? name = null) => $"api/v1/namespaces/{Namespace}/{resource}{(name is null ? "" : "/" + name)}";

    private protected string Map(string name) => Of("configmaps", name);

    private protected string Name(string suffix = "a") => $"{Case}-{suffix}";

    /// <summary>A ConfigMap of this case. <paramref name="data"/> is the inside of its <c>data</c>.</summary>
    private protected string MapJson(string name, string data = "\"k\":\"v\"", string metadata = "") => $$$"""
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","labels":{"case":"{{{Case}}}"}{{{(metadata.Length == 0 ? "" : "," + metadata)}}}},"data":{{{{data}}}}}
        """;

    private protected async Task<Answer> MakeMapAsync(string? name = null, string data = "\"k\":\"v\"", string metadata = "") =>
        (await Api.PostAsync(Maps, MapJson(name ?? Name(), data, metadata))).Ok(201);

    private protected static string RandomUid() => Guid.NewGuid().ToString();
}
