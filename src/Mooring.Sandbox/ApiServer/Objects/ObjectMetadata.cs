using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>The fields of <c>metadata</c> that belong to the server, and which part of an object a request may change.</summary>
internal static class ObjectMetadata
{
    private static readonly string[] ServerOwned =
        ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion", "selfLink"];

    private static readonly HashSet<string> WithGeneration = new(StringComparer.Ordinal)
    {
        "deployments.apps", "daemonsets.apps", "replicasets.apps", "statefulsets.apps", "jobs.batch", "pods", "endpointslices.discovery.k8s.io",
        "poddisruptionbudgets.policy", "networkpolicies.networking.k8s.io", "customresourcedefinitions.apiextensions.k8s.io",
    };

    public static void Initialize(JsonObject value, ResourceType type, DateTimeOffset now)
    {
        var metadata = value.Ensure("metadata");
        foreach (var name in ServerOwned)
        {
            metadata.Remove(name);
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = KubeTime.Format(now);
        if (HasGeneration(type))
        {
            metadata["generation"] = 1;
        }

        if (type.HasStatus && (type.Custom is not null || WithGeneration.Contains(type.GroupResource)))
        {
            value.Remove("status");
        }
    }

    /// <summary>Puts back what a request on the main resource or the status may not change. In place.</summary>
    public static void KeepProtected(JsonObject next, JsonObject current, ResourceType type, string subresource)
    {
        if (subresource == "status")
        {
            var status = next["status"]?.DeepClone();
            var metadata = next["metadata"]?.DeepClone();
            foreach (var name in next.Select(p => p.Key).ToList())
            {
                next.Remove(name);
            }

            foreach (var (name, value) in current)
            {
                next[name] = value?.DeepClone();
            }

            next.Remove("status");
            if (status is not null)
            {
                next["status"] = status;
            }

            if (type.Custom is null && metadata is not null)
            {
                next["metadata"] = metadata;
            }
        }
        else if (type.HasStatus)
        {
            next.Remove("status");
            if (current["status"] is { } kept)
            {
                next["status"] = kept.DeepClone();
            }
        }

        var from = current.Ensure("metadata");
        var to = next.Ensure("metadata");
        foreach (var name in ServerOwned.Append("name").Append("namespace"))
        {
            to.Remove(name);
            if (from[name] is { } value)
            {
                to[name] = value.DeepClone();
            }
        }
    }

    /// <summary>Counts a change of the desired state.</summary>
    public static void BumpGeneration(JsonObject next, JsonObject current, ResourceType type)
    {
        if (!HasGeneration(type))
        {
            return;
        }

        bool Counted(string name) => name is not "metadata" && !(name == "status" && (type.HasStatus || type.Custom is null));
        var changed = next.Where(p => Counted(p.Key)).Any(p => !JsonNode.DeepEquals(p.Value, current[p.Key]))
            || current.Any(p => Counted(p.Key) && !next.ContainsKey(p.Key));
        if (changed)
        {
            next["metadata"]!["generation"] = (current.Obj("metadata").Int("generation") ?? 0) + 1;
        }
    }

    public static void ValidateUpdate(JsonObject next, JsonObject current, List<FieldError> errors)
    {
        if (current.Obj("metadata").Str("deletionTimestamp") is null)
        {
            return;
        }

        var before = current.Obj("metadata").Arr("finalizers")?.Select(f => f.AsString()).ToHashSet(StringComparer.Ordinal) ?? [];
        var added = (next.Obj("metadata").Arr("finalizers") ?? []).Select(f => f.AsString()).Where(f => !before.Contains(f)).ToList();
        if (added.Count > 0)
        {
            errors.Add(FieldError.Forbidden(
                "metadata.finalizers",
                $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{\"{string.Join("\", \"", added)}\"}}"));
        }
    }

    public static bool HasFinalizers(JsonObject value) => value.Obj("metadata").Arr("finalizers") is { Count: > 0 };

    private static bool HasGeneration(ResourceType type) => type.Custom is not null || WithGeneration.Contains(type.GroupResource);
}
