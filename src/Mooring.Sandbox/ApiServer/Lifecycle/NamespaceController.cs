using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Kinds;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Lifecycle;

/// <summary>Empties a deleted namespace, and lets it go once it is empty. A new one gets its default service account.</summary>
internal sealed class NamespaceController(ObjectEditor editor, TimeProvider time) : IStoreController
{
    private readonly HashSet<string> _terminating = new(StringComparer.Ordinal);
    private readonly Queue<string> _created = new();

    public string Name => "namespace controller";

    public void Start(StoreImage image)
    {
        foreach (var found in image.Resources.GetValueOrDefault("namespaces", ResourceSnapshot.Empty).Values)
        {
            Note(found);
        }
    }

    public void Observe(StoreChange change)
    {
        if (change.Key.Resource != "namespaces")
        {
            return;
        }

        if (change.Current is null)
        {
            _terminating.Remove(change.Key.Name);
        }
        else
        {
            Note(change.Current);
        }
    }

    public async Task<TimeSpan?> ReconcileAsync(CancellationToken ct)
    {
        while (_created.TryDequeue(out var name))
        {
            await EnsureServiceAccountAsync(name);
        }

        foreach (var name in _terminating.ToList())
        {
            ct.ThrowIfCancellationRequested();
            await EmptyAsync(name);
        }

        return null;
    }

    private void Note(StoredObject found)
    {
        if (found.Deleting)
        {
            _terminating.Add(found.Key.Name);
        }
        else if (editor.Store.Get(new ObjectKey("serviceaccounts", found.Key.Name, "default")) is null)
        {
            _created.Enqueue(found.Key.Name);
        }
    }

    private async Task EnsureServiceAccountAsync(string ns)
    {
        var key = new ObjectKey("serviceaccounts", ns, "default");
        if (editor.Store.Get(key) is null && editor.Store.Get(new ObjectKey("namespaces", "", ns)) is { Deleting: false })
        {
            await editor.Store.TryPutAsync(key, null, new()
            {
                ["kind"] = "ServiceAccount",
                ["apiVersion"] = "v1",
                ["metadata"] = new System.Text.Json.Nodes.JsonObject
                {
                    ["name"] = "default",
                    ["namespace"] = ns,
                    ["uid"] = Guid.NewGuid().ToString(),
                    ["creationTimestamp"] = Objects.KubeTime.Format(time.GetUtcNow()),
                },
            });
        }
    }

    private async Task EmptyAsync(string ns)
    {
        var left = 0;
        foreach (var objects in editor.Store.Image.Resources.Values)
        {
            foreach (var stored in objects.Values.Where(o => o.Key.Namespace == ns))
            {
                left++;
                if (!stored.Deleting)
                {
                    await editor.DeleteAsync(stored.Key, stored.Uid, Objects.PropagationPolicy.Background);
                }
            }
        }

        // What had no finalizer is gone by now; what is left ends by further changes, which bring us back here.
        if (left > 0 && editor.Store.Image.Resources.Values.Any(r => r.Values.Any(o => o.Key.Namespace == ns)))
        {
            return;
        }

        await editor.EditAsync(new ObjectKey("namespaces", "", ns), value =>
        {
            var finalizers = value.Obj("spec").Arr("finalizers");
            var ours = finalizers?.FirstOrDefault(f => f.AsString() == NamespaceRules.Finalizer);
            return ours is not null && finalizers!.Remove(ours);
        });
    }
}
