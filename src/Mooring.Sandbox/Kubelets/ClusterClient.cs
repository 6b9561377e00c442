using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Mooring.Sandbox.Kubelets;

/// <summary>The few requests that the kubelet makes of the API server, on plain JSON.</summary>
internal sealed class ClusterClient(HttpClient http)
{
    private const string FieldManager = "mooring-sandbox";

    public static string Pod(string name) => $"/api/v1/namespaces/default/pods/{name}";

    public static string Node(string name) => $"/api/v1/nodes/{name}";

    public static string Lease(string name) => $"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}";

    public static string EndpointSlice(string space, string name) =>
        $"/apis/discovery.k8s.io/v1/namespaces/{space}/endpointslices/{name}";

    /// <summary>Server-side apply: creates the object or takes over the fields given.</summary>
    public Task ApplyAsync(string path, JsonObject value, CancellationToken cancellationToken) =>
        ApplyYamlAsync(path, value.ToJsonString(), cancellationToken);

    /// <inheritdoc cref="ApplyAsync"/>
    public async Task ApplyYamlAsync(string path, string yaml, CancellationToken cancellationToken)
    {
        using var content = new StringContent(yaml, Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/apply-patch+yaml");
        using var request = new HttpRequestMessage(
            HttpMethod.Patch, $"{path}?fieldManager={FieldManager}&force=true") { Content = content };
        using var response = await http.SendAsync(request, cancellationToken);
        await EnsureSuccessAsync(response, path, cancellationToken);
    }

    /// <summary>Changes the fields given; null removes one (RFC 7396).</summary>
    public async Task MergeAsync(string path, JsonObject value, CancellationToken cancellationToken)
    {
        using var content = new StringContent(value.ToJsonString(), Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/merge-patch+json");
        using var request = new HttpRequestMessage(
            HttpMethod.Patch, $"{path}?fieldManager={FieldManager}") { Content = content };
        using var response = await http.SendAsync(request, cancellationToken);
        await EnsureSuccessAsync(response, path, cancellationToken);
    }

    /// <summary>A request that is answered, not stored.</summary>
    public async Task<JsonObject> PostAsync(string path, JsonObject value, CancellationToken cancellationToken)
    {
        using var content = new StringContent(value.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(path, content, cancellationToken);
        await EnsureSuccessAsync(response, path, cancellationToken);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!.AsObject();
    }

    /// <summary>Deletes at once, or a pod after its grace period; an object that is not there is a success.</summary>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken, int graceSeconds = 0)
    {
        using var response = await http.DeleteAsync($"{path}?gracePeriodSeconds={graceSeconds}", cancellationToken);
        if (response.StatusCode != HttpStatusCode.NotFound)
        {
            await EnsureSuccessAsync(response, path, cancellationToken);
        }
    }

    /// <summary>An object, or a whole list object.</summary>
    public async Task<JsonObject> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(path, cancellationToken);
        await EnsureSuccessAsync(response, path, cancellationToken);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!.AsObject();
    }

    /// <summary>One item per event after <paramref name="resourceVersion"/>, until the server ends the watch.</summary>
    public async IAsyncEnumerable<JsonObject> WatchAsync(
        string path, string resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var separator = path.Contains('?') ? '&' : '?';
        using var response = await http.GetAsync(
            $"{path}{separator}watch=true&resourceVersion={resourceVersion}",
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken);
        await EnsureSuccessAsync(response, path, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                yield return JsonNode.Parse(line)!.AsObject();
            }
        }
    }

    private static async Task EnsureSuccessAsync(
        HttpResponseMessage response, string path, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new HttpRequestException(
                $"{response.RequestMessage?.Method} {path}: {(int)response.StatusCode} {body}", null, response.StatusCode);
        }
    }
}
