using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Lifecycle;

/// <summary>Changes stored objects on the server's own behalf.</summary>
internal sealed class ObjectEditor(ResourceStore store, ResourceRegistry registry, Deletion deletion)
{
    public ResourceStore Store => store;

    public ResourceType? TypeOf(ObjectKey key) => registry.StoredTypes().FirstOrDefault(t => t.StorageResource == key.Resource);

    /// <summary>
    /// Changes an object if it is still there; the edit returns false to leave it. An edit that takes the last
    /// finalizer away from a deleted object removes it.
    /// </summary>
    public async Task EditAsync(ObjectKey key, Func<JsonObject, bool> edit)
    {
        while (store.Get(key) is { } existing)
        {
            var value = existing.Read();
            if (!edit(value))
            {
                return;
            }

            var finished = existing.Deleting && !ObjectMetadata.HasFinalizers(value)
                && (TypeOf(key) is not { } type || Deletion.MayFinish(value, type));
            var written = finished ? await store.TryDeleteAsync(existing) : await store.TryPutAsync(key, existing, value);
            if (written is not null)
            {
                return;
            }
        }
    }

    public Task RemoveFinalizerAsync(ObjectKey key, string finalizer) => EditAsync(key, value =>
    {
        var finalizers = value.Obj("metadata").Arr("finalizers");
        var found = finalizers?.FirstOrDefault(f => f.AsString() == finalizer);
        if (found is null)
        {
            return false;
        }

        finalizers!.Remove(found);
        if (finalizers.Count == 0)
        {
            value.Obj("metadata")!.Remove("finalizers");
        }

        return true;
    });

    /// <summary>Deletes an object with the rules of its kind, if it is still the one meant.</summary>
    public async Task DeleteAsync(ObjectKey key, string uid, PropagationPolicy? propagation)
    {
        if (store.Get(key) is not { } existing || existing.Uid != uid)
        {
            return;
        }

        if (TypeOf(key) is not { } type)
        {
            await store.TryDeleteAsync(existing);
            return;
        }

        try
        {
            await deletion.DeleteAsync(type, key.Namespace, key.Name, new DeleteOptions { Propagation = propagation, PreconditionUid = uid });
        }
        catch (Errors.ApiException e) when (e.Code is 404 or 409)
        {
            // Gone meanwhile, or another object by now.
        }
    }
}
