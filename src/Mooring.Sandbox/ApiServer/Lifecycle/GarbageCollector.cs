using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Lifecycle;

/// <summary>
/// Deletes objects whose owners are all gone, and carries out foreground deletion (dependents first) and orphaning
/// (dependents lose the reference).
/// </summary>
internal sealed class GarbageCollector(ObjectEditor editor) : IStoreController
{
    private readonly OwnerGraph _graph = new();
    private readonly HashSet<ObjectKey> _dependents = [];
    private readonly HashSet<ObjectKey> _owners = [];

    public string Name => "garbage collector";

    public void Start(StoreImage image)
    {
        foreach (var stored in image.Resources.Values.SelectMany(r => r.Values))
        {
            _graph.Add(stored);
            Note(stored);
        }
    }

    public void Observe(StoreChange change)
    {
        if (change.Previous is { } previous)
        {
            var gone = change.Current?.Uid != previous.Uid;
            _graph.Remove(previous, gone);
            if (gone)
            {
                _dependents.UnionWith(_graph.DependentsOf(previous.Uid));
            }

            // The loss of a dependent may be what a foreground deletion waits for.
            foreach (var owner in previous.Owners)
            {
                if (_graph.Find(owner) is { } key)
                {
                    _owners.Add(key);
                }
            }
        }

        if (change.Current is { } current)
        {
            _graph.Add(current);
            Note(current);
        }
    }

    public async Task<TimeSpan?> ReconcileAsync(CancellationToken ct)
    {
        foreach (var key in _owners.ToList())
        {
            ct.ThrowIfCancellationRequested();
            await ReconcileOwnerAsync(key);
            _owners.Remove(key);
        }

        foreach (var key in _dependents.ToList())
        {
            ct.ThrowIfCancellationRequested();
            await ReconcileDependentAsync(key);
            _dependents.Remove(key);
        }

        return null;
    }

    private void Note(StoredObject stored)
    {
        if (stored.Owners.Count > 0)
        {
            _dependents.Add(stored.Key);
        }

        if (stored.Deleting)
        {
            _owners.Add(stored.Key);
        }
    }

    private async Task ReconcileOwnerAsync(ObjectKey key)
    {
        if (editor.Store.Get(key) is not { Deleting: true } owner)
        {
            return;
        }

        var finalizers = (owner.Read().Obj("metadata").Arr("finalizers") ?? []).Select(f => f.AsString()).ToList();
        if (finalizers.Contains(Deletion.OrphanFinalizer))
        {
            foreach (var dependent in _graph.DependentsOf(owner.Uid).ToList())
            {
                await editor.EditAsync(dependent, value => DropOwners(value, uid => uid == owner.Uid));
            }

            await editor.RemoveFinalizerAsync(key, Deletion.OrphanFinalizer);
        }
        else if (finalizers.Contains(Deletion.ForegroundFinalizer))
        {
            await DeleteForegroundAsync(owner);
        }
    }

    private async Task DeleteForegroundAsync(StoredObject owner)
    {
        foreach (var key in _graph.DependentsOf(owner.Uid).ToList())
        {
            await ReconcileDependentAsync(key);
        }

        var blocked = _graph.DependentsOf(owner.Uid)
            .Select(editor.Store.Get)
            .OfType<StoredObject>()
            .Any(d => (d.Read().Obj("metadata").Arr("ownerReferences") ?? [])
                .Any(r => r.Str("uid") == owner.Uid && r.Bool("blockOwnerDeletion") == true));
        if (!blocked)
        {
            await editor.RemoveFinalizerAsync(owner.Key, Deletion.ForegroundFinalizer);
        }
    }

    private async Task ReconcileDependentAsync(ObjectKey key)
    {
        if (editor.Store.Get(key) is not { } stored || stored.Owners.Count == 0)
        {
            return;
        }

        var owners = stored.Owners.Select(uid => (Uid: uid, State: StateOf(uid, key))).ToList();
        if (owners.TrueForAll(o => o.State == OwnerState.Alive))
        {
            return;
        }

        if (owners.Exists(o => o.State == OwnerState.Alive))
        {
            var gone = owners.Where(o => o.State != OwnerState.Alive).Select(o => o.Uid).ToHashSet(StringComparer.Ordinal);
            await editor.EditAsync(key, value => DropOwners(value, gone.Contains));
            return;
        }

        if (!stored.Deleting)
        {
            var foreground = owners.Exists(o => o.State == OwnerState.WaitsForDependents) && _graph.DependentsOf(stored.Uid).Count > 0;
            await editor.DeleteAsync(key, stored.Uid, foreground ? PropagationPolicy.Foreground : null);
        }
    }

    private OwnerState StateOf(string uid, ObjectKey dependent)
    {
        // An owner in another namespace does not count; only cluster-scoped owners reach across.
        if (_graph.Find(uid) is not { } key || editor.Store.Get(key) is not { } owner || owner.Uid != uid
            || (key.Namespace.Length > 0 && key.Namespace != dependent.Namespace))
        {
            return OwnerState.Gone;
        }

        var waits = owner.Deleting
            && (owner.Read().Obj("metadata").Arr("finalizers") ?? []).Any(f => f.AsString() == Deletion.ForegroundFinalizer);
        return waits ? OwnerState.WaitsForDependents : OwnerState.Alive;
    }

    private static bool DropOwners(JsonObject value, Func<string, bool> drop)
    {
        var references = value.Obj("metadata").Arr("ownerReferences");
        var dropped = references?.Where(r => drop(r.Str("uid") ?? "")).ToList() ?? [];
        dropped.ForEach(r => references!.Remove(r));
        if (references is { Count: 0 })
        {
            value.Obj("metadata")!.Remove("ownerReferences");
        }

        return dropped.Count > 0;
    }

    private enum OwnerState
    {
        Alive,
        Gone,
        WaitsForDependents,
    }
}
