using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>Deletes objects: at once, or by a deletion timestamp where finalizers or a grace period stand in the way.</summary>
internal sealed class Deletion(ResourceStore store, TimeProvider time)
{
    public const string OrphanFinalizer = "orphan";
    public const string ForegroundFinalizer = "foregroundDeletion";
    public const string CrdFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    private const long DefaultPodGraceSeconds = 30;

    private static readonly string[] Immortal = ["default", "kube-system", "kube-public"];

    /// <summary>Whether an object that waits only for its finalizers may go, now that they are gone.</summary>
    public static bool MayFinish(JsonObject value, ResourceType type) => type.GroupResource switch
    {
        // A pod also waits for its node to say that it has ended.
        "pods" => (value.Obj("metadata").Int("deletionGracePeriodSeconds") ?? 0) == 0,
        "namespaces" => value.Obj("spec").Arr("finalizers") is null or { Count: 0 },
        _ => true,
    };

    public async Task<DeleteOutcome> DeleteAsync(ResourceType type, string ns, string name, DeleteOptions options)
    {
        while (true)
        {
            var existing = store.Get(type.Key(ns, name)) ?? throw ApiError.NotFound(type.Group, type.Plural, name);
            CheckPreconditions(existing, type, options);
            if (type.GroupResource == "namespaces" && Immortal.Contains(name))
            {
                throw ApiError.Forbidden("", "namespaces", name, "this namespace may not be deleted");
            }

            var value = existing.Read();
            var marked = Mark(value, type, options);
            if (marked && JsonNode.DeepEquals(value, existing.Read()))
            {
                return new DeleteOutcome(false, Served(value, type));
            }

            if (options.DryRun)
            {
                return new DeleteOutcome(!marked, Served(value, type));
            }

            var written = marked ? await store.TryPutAsync(existing.Key, existing, value) : await store.TryDeleteAsync(existing);
            if (written is not null)
            {
                return new DeleteOutcome(!marked, ObjectService.Serve(written, type));
            }
        }
    }

    /// <summary>Removes an object that was marked before and has nothing left to wait for.</summary>
    public Task<StoredObject?> FinishAsync(StoredObject existing) => store.TryDeleteAsync(existing);

    private static JsonObject Served(JsonObject stored, ResourceType type) => type.Conversion?.ToServed(stored) ?? stored;

    /// <summary>Sets finalizers and deletion timestamp in place. False when the object can go at once.</summary>
    private bool Mark(JsonObject value, ResourceType type, DeleteOptions options)
    {
        var metadata = value.Ensure("metadata");
        SetPropagation(metadata, type, options);
        var grace = GracePeriod(value, type, options);
        var waits = ObjectMetadata.HasFinalizers(value) || grace > 0
            || (type.GroupResource == "namespaces" && value.Obj("spec").Arr("finalizers") is { Count: > 0 });
        if (!waits)
        {
            return false;
        }

        var already = KubeTime.Parse(metadata.Str("deletionTimestamp"));
        var due = time.GetUtcNow().AddSeconds(grace);
        if (already is null || (type.GroupResource == "pods" && due < already && grace < (metadata.Int("deletionGracePeriodSeconds") ?? 0)))
        {
            metadata["deletionTimestamp"] = KubeTime.Format(due);
            metadata["deletionGracePeriodSeconds"] = grace;
            if (metadata.Int("generation") is { } generation && already is null)
            {
                metadata["generation"] = generation + 1;
            }
        }

        if (type.GroupResource == "namespaces")
        {
            value.Ensure("status")["phase"] = "Terminating";
        }

        return true;
    }

    private static long GracePeriod(JsonObject value, ResourceType type, DeleteOptions options)
    {
        if (type.GroupResource != "pods")
        {
            return 0;
        }

        // Without a node, or already over, nobody would end it gracefully.
        var assigned = value.Obj("spec").Str("nodeName") is { Length: > 0 };
        var over = value.Obj("status").Str("phase") is "Succeeded" or "Failed";
        if (!assigned || over)
        {
            return 0;
        }

        return Math.Max(0, options.GracePeriodSeconds ?? value.Obj("spec").Int("terminationGracePeriodSeconds") ?? DefaultPodGraceSeconds);
    }

    private static void SetPropagation(JsonObject metadata, ResourceType type, DeleteOptions options)
    {
        var wanted = options.Propagation switch
        {
            PropagationPolicy.Orphan => OrphanFinalizer,
            PropagationPolicy.Foreground => ForegroundFinalizer,
            _ => null,
        };
        if (options.Propagation is null && metadata.Str("deletionTimestamp") is not null)
        {
            return;
        }

        var finalizers = (metadata.Arr("finalizers") ?? []).Select(f => f.AsString()).OfType<string>()
            .Where(f => f is not (OrphanFinalizer or ForegroundFinalizer)).ToList();
        if (wanted is not null)
        {
            finalizers.Add(wanted);
        }
        else if (options.Propagation is null && metadata.Arr("finalizers") is { } present)
        {
            finalizers = [.. present.Select(f => f.AsString()).OfType<string>()];
        }

        if (type.GroupResource == "customresourcedefinitions.apiextensions.k8s.io" && !finalizers.Contains(CrdFinalizer) && metadata.Str("deletionTimestamp") is null)
        {
            finalizers.Add(CrdFinalizer);
        }

        if (finalizers.Count == 0)
        {
            metadata.Remove("finalizers");
        }
        else
        {
            metadata["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode?)f)]);
        }
    }

    private static void CheckPreconditions(StoredObject existing, ResourceType type, DeleteOptions options)
    {
        if (options.PreconditionUid is { Length: > 0 } uid && uid != existing.Uid)
        {
            throw ApiError.Conflict(
                type.Group, type.Plural, existing.Key.Name,
                $"Precondition failed: UID in precondition: {uid}, UID in object meta: {existing.Uid}");
        }

        if (options.PreconditionResourceVersion is { Length: > 0 } version && version != existing.Revision.ToString())
        {
            throw ApiError.Conflict(
                type.Group, type.Plural, existing.Key.Name,
                $"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {existing.Revision}");
        }
    }
}
