using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Lifecycle;

/// <summary>Serves what CRDs define, keeps their conditions, and removes their objects before they go.</summary>
internal sealed class CrdController(ObjectEditor editor, ResourceRegistry registry, TimeProvider time) : IStoreController
{
    private const string Resource = "customresourcedefinitions.apiextensions.k8s.io";

    private readonly HashSet<string> _dirty = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _deleting = new(StringComparer.Ordinal);

    public string Name => "custom resource controller";

    public void Start(StoreImage image)
    {
        foreach (var crd in image.Resources.GetValueOrDefault(Resource, ResourceSnapshot.Empty).Values)
        {
            Publish(crd);
            _dirty.Add(crd.Key.Name);
        }
    }

    public void Observe(StoreChange change)
    {
        if (change.Key.Resource == Resource)
        {
            _dirty.Add(change.Key.Name);
        }
        else if (change.Current is null && _deleting.TryGetValue(change.Key.Resource, out var crd))
        {
            _dirty.Add(crd);
        }
    }

    public async Task<TimeSpan?> ReconcileAsync(CancellationToken ct)
    {
        foreach (var name in _dirty.ToList())
        {
            ct.ThrowIfCancellationRequested();
            await ReconcileAsync(new ObjectKey(Resource, "", name));
            _dirty.Remove(name);
        }

        return null;
    }

    private async Task ReconcileAsync(ObjectKey key)
    {
        if (editor.Store.Get(key) is not { } crd)
        {
            registry.SetCustom(key.Name, []);
            foreach (var (resource, _) in _deleting.Where(d => d.Value == key.Name).ToList())
            {
                _deleting.Remove(resource);
            }

            return;
        }

        var conflict = Publish(crd);
        await editor.EditAsync(key, value => SetStatus(value, conflict));
        if (crd.Deleting)
        {
            await CleanUpAsync(crd);
        }
    }

    /// <summary>Publishes the types of a CRD, unless another one has its kind. Returns why not.</summary>
    private string? Publish(StoredObject crd)
    {
        var value = crd.Read();
        var spec = value.Obj("spec");
        var kind = spec.Obj("names").Str("kind");
        var other = registry.Types.FirstOrDefault(t =>
            t.Group == spec.Str("group") && (t.Kind == kind || t.ListKind == kind) && t.Custom?.CrdName != crd.Key.Name);
        if (other is not null)
        {
            return $"\"{kind}\" is already in use";
        }

        var errors = new List<FieldError>();
        var types = CrdTypes.Read(value, errors);
        registry.SetCustom(crd.Key.Name, types);
        return null;
    }

    private bool SetStatus(JsonObject value, string? conflict)
    {
        var before = value["status"]?.DeepClone();
        var status = value.Ensure("status");
        var spec = value.Obj("spec");
        status["acceptedNames"] = conflict is null ? spec.Obj("names")?.DeepClone() : new JsonObject { ["plural"] = "", ["kind"] = "" };
        var stored = (spec.Arr("versions") ?? []).FirstOrDefault(v => v.Bool("storage") == true).Str("name");
        var versions = (status.Arr("storedVersions") ?? []).Select(v => v.AsString()).ToList();
        if (!versions.Contains(stored))
        {
            versions.Add(stored);
            status["storedVersions"] = new JsonArray([.. versions.Select(v => (JsonNode?)v)]);
        }

        SetCondition(status, "NamesAccepted", conflict is null, conflict is null ? "NoConflicts" : "KindConflict", conflict ?? "no conflicts found");
        SetCondition(
            status, "Established", conflict is null, conflict is null ? "InitialNamesAccepted" : "NotAccepted",
            conflict is null ? "the initial names have been accepted" : "not all names are accepted");
        if (value.Obj("metadata").Str("deletionTimestamp") is not null)
        {
            SetCondition(status, "Terminating", true, "InstanceDeletionInProgress", "CustomResource deletion is in progress");
        }

        return !JsonNode.DeepEquals(before, status);
    }

    private void SetCondition(JsonObject status, string type, bool holds, string reason, string message)
    {
        if (status["conditions"] is not JsonArray conditions)
        {
            status["conditions"] = conditions = [];
        }

        var text = holds ? "True" : "False";
        var condition = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Str("type") == type);
        if (condition is null)
        {
            condition = new JsonObject { ["type"] = type };
            conditions.Add(condition);
        }

        if (condition.Str("status") != text)
        {
            condition["status"] = text;
            condition["lastTransitionTime"] = KubeTime.Format(time.GetUtcNow());
        }

        condition["reason"] = reason;
        condition["message"] = message;
    }

    private async Task CleanUpAsync(StoredObject crd)
    {
        var resource = crd.Key.Name;
        _deleting[resource] = crd.Key.Name;
        foreach (var stored in editor.Store.Snapshot(resource).Objects.Values)
        {
            if (!stored.Deleting)
            {
                await editor.DeleteAsync(stored.Key, stored.Uid, PropagationPolicy.Background);
            }
        }

        if (editor.Store.Snapshot(resource).Objects.IsEmpty)
        {
            await editor.RemoveFinalizerAsync(crd.Key, Deletion.CrdFinalizer);
        }
    }
}
