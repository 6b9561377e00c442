using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Mooring.Conformance.Tests.Cluster;

/// <summary>
/// Removes what the suite made. Nothing is left to controllers, which the cluster may not have: objects lose their
/// finalizers, namespaces are emptied and, where nobody else lets them go, finalized here.
/// </summary>
internal sealed class Leftovers(RawApi api)
{
    private const string Crds = "apis/apiextensions.k8s.io/v1/customresourcedefinitions/";

    /// <summary>How long a namespace controller may take before we do its work.</summary>
    private static readonly TimeSpan NamespacePatience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentQueue<string> _namespaces = new();
    private readonly ConcurrentQueue<string> _objects = new();

    public void AddNamespace(string name) => _namespaces.Enqueue(name);

    public void AddObject(string path) => _objects.Enqueue(path);

    public async Task RemoveAsync()
    {
        var resources = await NamespacedResourcesAsync();
        foreach (var name in _namespaces)
        {
            await EmptyAsync(name, resources);
        }

        foreach (var path in _objects)
        {
            await RemoveObjectAsync(path);
        }

        foreach (var name in _namespaces)
        {
            await RemoveNamespaceAsync(name);
        }
    }

    private async Task<List<string>> NamespacedResourcesAsync()
    {
        var groupVersions = new List<string> { "api/v1" };
        groupVersions.AddRange((await api.GetAsync("apis"))["groups"]!.AsArray().Select(g => $"apis/{g.Text("preferredVersion.groupVersion")}"));
        var resources = new List<string>();
        foreach (var groupVersion in groupVersions)
        {
            // An aggregated API whose server is away must not keep the rest from being removed.
            var answer = await api.GetAsync(groupVersion);
            resources.AddRange((answer.Code == 200 ? answer["resources"]!.AsArray() : [])
                .Where(r => (bool?)r!["namespaced"] == true && r["verbs"]!.AsArray().Select(v => (string?)v).Contains("deletecollection"))
                .Select(r => $"{groupVersion}/namespaces/{{0}}/{(string)r!["name"]!}"));
        }

        return resources;
    }

    private async Task EmptyAsync(string ns, List<string> resources)
    {
        // Twice: a controller may have written an Event or an EndpointSlice about what went first.
        for (var round = 0; round < 2; round++)
        {
            foreach (var pattern in resources)
            {
                var collection = pattern.Replace("{0}", ns, StringComparison.Ordinal);
                var listed = await api.GetAsync(collection);
                if (listed.Code != 200 || listed.Items.Count == 0)
                {
                    continue;
                }

                await api.DeleteAsync(collection, """{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background","gracePeriodSeconds":0}""");
                foreach (var left in (await api.GetAsync(collection)).Items)
                {
                    await RemoveObjectAsync($"{collection}/{left.Text("metadata.name")}");
                }
            }
        }
    }

    private async Task RemoveObjectAsync(string path)
    {
        var found = await api.GetAsync(path);
        if (found.Code == 404)
        {
            return;
        }

        // The finalizer of a CRD is the API server's own, which removes the objects by it.
        if (!path.StartsWith(Crds, StringComparison.Ordinal) && found["metadata.finalizers"] is JsonArray { Count: > 0 })
        {
            await api.MergeAsync(path, """{"metadata":{"finalizers":null}}""");
        }

        await api.DeleteAsync(path, """{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background","gracePeriodSeconds":0}""");
        await Eventually.TrueAsync(async () => (await api.GetAsync(path)) is var now && (now.Code == 404 || now.Uid != found.Uid), $"{path} is gone");
    }

    private async Task RemoveNamespaceAsync(string name)
    {
        var path = $"api/v1/namespaces/{name}";
        await api.DeleteAsync(path);

        // What was told about the namespace itself stands elsewhere.
        await api.DeleteAsync($"api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DNamespace,involvedObject.name%3D{name}");
        if (await Eventually.WithinAsync(NamespacePatience, async () => (await api.GetAsync(path)).Code == 404))
        {
            return;
        }

        var left = await api.GetAsync(path);
        if (left.Code == 200)
        {
            var value = left.Json;
            value["spec"] = new JsonObject { ["finalizers"] = new JsonArray() };
            await api.PutAsync($"{path}/finalize", value.ToJsonString());
        }
    }
}
