using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Access;

/// <summary>The objects that a token stands and falls with: its service account, and the pod it is bound to.</summary>
internal sealed class TokenSubjects(ResourceStore store, TimeProvider time)
{
    /// <summary>A pod's tokens are good for this long after its deletion time (upstream: the TokenReview's leeway).</summary>
    private static readonly TimeSpan DeletionLeeway = TimeSpan.FromSeconds(60);

    public string? AccountUid(string ns, string name) => store.Get(new ObjectKey("serviceaccounts", ns, name))?.Uid;

    public StoredObject? Pod(string ns, string name) => store.Get(new ObjectKey("pods", ns, name));

    public string? NodeUid(string name) => store.Get(new ObjectKey("nodes", "", name))?.Uid;

    /// <summary>The pod is there, is not another of the same name, and has not been deleted for long.</summary>
    public bool IsLive(string ns, TokenBinding pod)
    {
        if (Pod(ns, pod.Name) is not { } stored || stored.Uid != pod.Uid)
        {
            return false;
        }

        return !stored.Deleting
            || KubeTime.Parse(stored.Read().Obj("metadata").Str("deletionTimestamp")) + DeletionLeeway > time.GetUtcNow();
    }
}
