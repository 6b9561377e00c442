using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Resources;

namespace Mooring.Sandbox.KubeApi.Apply;

/// <summary>
/// Server-side apply, and the bookkeeping that every other write does for it: who owns which field. The rules are
/// those of sigs.k8s.io/structured-merge-diff.
/// </summary>
internal sealed class FieldOwnership(ResourceType type, string manager, string subresource, DateTimeOffset now)
{
    private static readonly string[] NeverOwned =
    [
        "name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "resourceVersion", "managedFields",
        "deletionTimestamp", "deletionGracePeriodSeconds", "generateName",
    ];

    /// <summary>Records a create, update or patch: the manager owns what it changed, the others lose that.</summary>
    /// <param name="live">Before, or null for a create.</param>
    /// <param name="next">After; its <c>managedFields</c> are set.</param>
    public void RecordUpdate(JsonObject? live, JsonObject next)
    {
        var metadata = next.Ensure("metadata");
        var entries = StartingEntries(live, metadata);
        var comparison = TypedComparison.Of(Bare(live ?? []), Bare(next), type.Schema);
        var changed = Strip(comparison.Changed);
        var result = new List<ManagedFieldsEntry>();
        ManagedFieldsEntry? mine = null;
        foreach (var entry in entries)
        {
            if (entry.IsSameManager(manager, ManagedFieldsEntry.UpdateOperation, subresource))
            {
                mine = entry;
                continue;
            }

            entry.Fields.ExceptWith(changed);
            entry.Fields.ExceptWith(comparison.Removed);
            result.Add(entry);
        }

        var fields = mine?.Fields.Copy() ?? new FieldSet();
        fields.UnionWith(changed);
        fields.ExceptWith(comparison.Removed);
        result.Add(Entry(ManagedFieldsEntry.UpdateOperation, fields, mine));
        ManagedFieldsEntry.WriteAll(metadata, result.Where(e => !e.Fields.IsEmpty));
    }

    /// <summary>Merges an applied configuration into the live object. Throws 409 when others own what it would change.</summary>
    /// <param name="live">The object, or null when it does not exist yet.</param>
    /// <param name="config">What was applied.</param>
    /// <param name="force">Take the fields over instead.</param>
    public JsonObject Apply(JsonObject? live, JsonObject config, bool force)
    {
        var entries = ManagedFieldsEntry.ReadAll(live.Obj("metadata"));
        if (live is not null && entries.Count == 0)
        {
            entries.Add(BeforeFirstApply(live));
        }

        config = Writable(config);
        var configured = new FieldSet();
        TypedValues.Collect(config, type.Schema, configured);
        Strip(configured);

        var mine = entries.FirstOrDefault(e => e.IsSameManager(manager, ManagedFieldsEntry.ApplyOperation, subresource));
        var others = entries.Where(e => e != mine).ToList();
        var merged = (JsonObject)TypedMerge.Merge(live ?? [], config, type.Schema)!;
        var comparison = TypedComparison.Of(Bare(live ?? []), Bare(merged), type.Schema);
        Yield(others, comparison, force);

        if (mine is not null)
        {
            var owned = configured.Copy();
            others.ForEach(o => owned.UnionWith(o.Fields));
            FieldRemoval.Apply(merged, type.Schema, mine.Fields, owned);
        }

        var entry = Entry(ManagedFieldsEntry.ApplyOperation, configured, mine);
        ManagedFieldsEntry.WriteAll(merged.Ensure("metadata"), others.Append(entry).Where(e => !e.Fields.IsEmpty));
        return merged;
    }

    /// <summary>The part of a configuration that this endpoint writes; the rest is neither applied nor owned.</summary>
    private JsonObject Writable(JsonObject config)
    {
        var part = Bare(config);
        if (subresource == "status")
        {
            part.Remove("spec");
            if (type.Custom is not null)
            {
                part["metadata"] = new JsonObject { ["name"] = config.Obj("metadata").Str("name"), ["namespace"] = config.Obj("metadata").Str("namespace") };
            }
        }
        else if (type.HasStatus)
        {
            part.Remove("status");
        }

        return part;
    }

    private static void Yield(List<ManagedFieldsEntry> others, TypedComparison comparison, bool force)
    {
        var conflicts = others
            .Select(o => (Owner: o, Fields: o.Fields.IntersectWith(comparison.Changed)))
            .Where(c => !c.Fields.IsEmpty)
            .ToList();
        if (conflicts.Count > 0 && !force)
        {
            throw ApplyConflict.Create([.. conflicts]);
        }

        foreach (var (owner, fields) in conflicts)
        {
            owner.Fields.ExceptWith(fields);
        }
    }

    /// <summary>The recorded entries: those of the request if it carries any (<c>[{}]</c> clears them), else the live ones.</summary>
    private List<ManagedFieldsEntry> StartingEntries(JsonObject? live, JsonObject metadata)
    {
        var sent = metadata.Arr("managedFields");
        if (sent is { Count: > 0 } && (sent.Count > 1 || sent[0] is JsonObject { Count: > 0 }))
        {
            return ManagedFieldsEntry.ReadAll(metadata);
        }

        return sent is { Count: 1 } || live is null ? [] : ManagedFieldsEntry.ReadAll(live.Obj("metadata"));
    }

    private ManagedFieldsEntry BeforeFirstApply(JsonObject live)
    {
        var fields = new FieldSet();
        TypedValues.Collect(Bare(live), type.Schema, fields);
        return new ManagedFieldsEntry(
            "before-first-apply", ManagedFieldsEntry.UpdateOperation, "", type.GroupVersion, KubeTime.Format(now), StripCommon(fields));
    }

    /// <summary>An entry whose time only moves when its fields do, so that a repeated apply changes nothing.</summary>
    private ManagedFieldsEntry Entry(string operation, FieldSet fields, ManagedFieldsEntry? before)
    {
        var unchanged = before is not null && before.ApiVersion == type.GroupVersion
            && JsonNode.DeepEquals(before.Fields.ToJson(), fields.ToJson());
        return unchanged
            ? before!
            : new ManagedFieldsEntry(manager, operation, subresource, type.GroupVersion, KubeTime.Format(now), fields);
    }

    /// <summary>Without the fields nobody owns, and without those that this endpoint does not write.</summary>
    private FieldSet Strip(FieldSet fields)
    {
        StripCommon(fields);
        if (subresource == "status")
        {
            if (type.Custom is not null)
            {
                fields.RemoveAllExcept("f:status");
            }
            else
            {
                fields.Remove("f:spec");
            }
        }
        else if (type.HasStatus)
        {
            fields.Remove("f:status");
        }

        return fields;
    }

    private static FieldSet StripCommon(FieldSet fields)
    {
        fields.IsMember = false;
        fields.Remove("f:apiVersion");
        fields.Remove("f:kind");
        if (fields.Find("f:metadata") is { } metadata)
        {
            metadata.IsMember = false;
            foreach (var name in NeverOwned)
            {
                metadata.Remove("f:" + name);
            }

            if (metadata.IsEmpty)
            {
                fields.Remove("f:metadata");
            }
        }

        return fields;
    }

    /// <summary>A copy without <c>managedFields</c>, which are about the fields and not among them.</summary>
    private static JsonObject Bare(JsonObject value)
    {
        var copy = (JsonObject)value.DeepClone();
        copy.Obj("metadata")?.Remove("managedFields");
        return copy;
    }
}
