using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Client;

/// <summary>
/// Typed access to the API server. Every call throws <see cref="KubernetesException"/> with the parsed
/// <see cref="V1Status"/> when the server refuses, and <see cref="HttpRequestException"/> when it cannot be reached.
/// </summary>
public interface IKubernetesClient
{
    /// <summary>
    /// The same client, whose writes the server checks and answers as ever but does not keep (<c>dryRun=All</c>).
    /// </summary>
    IKubernetesClient DryRun { get; }

    /// <summary>The object, or null when it does not exist.</summary>
    Task<T?> GetAsync<T>(string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>All objects, page by page, of one namespace or of all (null).</summary>
    Task<KubernetesList<T>> ListAsync<T>(
        string? @namespace = null, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>
    /// The pages of one list as they arrive, all of one resourceVersion. Throws <see cref="KubernetesException"/> with
    /// status 410 when the server forgets that version before the last of them.
    /// </summary>
    IAsyncEnumerable<KubernetesList<T>> ListPagesAsync<T>(
        string? @namespace = null, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>
    /// Changes from <see cref="WatchOptions.ResourceVersion"/> on, bookmarks included. Ends when the server ends the
    /// stream; throws <see cref="KubernetesException"/> with status 410 when the version is too old.
    /// </summary>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        string? @namespace = null, WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    Task<T> CreateAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>Replaces the object; a set resourceVersion that is not the current one is refused with 409.</summary>
    Task<T> UpdateAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    Task<T> UpdateStatusAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>Sends <paramref name="patch"/> (JSON patch or merge patch) to the object or one of its subresources.</summary>
    Task<T> PatchAsync<T>(
        V1Patch patch, string name, string? @namespace = null, string? subresource = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>Server-side apply of <paramref name="entity"/>, or of its status when <paramref name="subresource"/> is "status".</summary>
    /// <param name="force">Take over fields owned by another manager instead of failing with 409.</param>
    Task<T> ApplyAsync<T>(
        T entity, string fieldManager, bool force = false, string? subresource = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>Deletes the object; an object that does not exist is no error.</summary>
    Task DeleteAsync<T>(
        string name, string? @namespace = null, DeleteOptions? options = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>Deletes the objects of one namespace (or of a cluster-scoped kind) that the selectors match; null matches all.</summary>
    Task DeleteCollectionAsync<T>(
        string? @namespace = null, string? labelSelector = null, string? fieldSelector = null,
        DeleteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>The scale subresource of an object of kind <typeparamref name="T"/>.</summary>
    Task<V1Scale> GetScaleAsync<T>(
        string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>Replaces the scale; a set resourceVersion that is not the object's current one is refused with 409.</summary>
    Task<V1Scale> UpdateScaleAsync<T>(V1Scale scale, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    Task<V1Scale> PatchScaleAsync<T>(
        V1Patch patch, string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>;
}
