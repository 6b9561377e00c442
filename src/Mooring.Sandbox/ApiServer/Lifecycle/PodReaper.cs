using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Lifecycle;

/// <summary>
/// Ends pods whose grace period is over. In a cluster the kubelet does that; here nobody else would. Whoever plays the
/// kubelet may delete a pod earlier, with a grace period of zero.
/// </summary>
internal sealed class PodReaper(ObjectEditor editor, TimeProvider time) : IStoreController
{
    private readonly Dictionary<ObjectKey, DateTimeOffset> _due = [];

    public string Name => "pod reaper";

    public void Start(StoreImage image)
    {
        foreach (var pod in image.Resources.GetValueOrDefault("pods", ResourceSnapshot.Empty).Values)
        {
            Note(pod);
        }
    }

    public void Observe(StoreChange change)
    {
        if (change.Key.Resource != "pods")
        {
            return;
        }

        if (change.Current is { Deleting: true } pod)
        {
            Note(pod);
        }
        else
        {
            _due.Remove(change.Key);
        }
    }

    public async Task<TimeSpan?> ReconcileAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var (key, _) in _due.Where(d => d.Value <= now).ToList())
        {
            _due.Remove(key);
            await editor.EditAsync(key, value =>
            {
                if (value.Obj("metadata").Str("deletionTimestamp") is null)
                {
                    return false;
                }

                value.Obj("metadata")!["deletionGracePeriodSeconds"] = 0;
                return true;
            });
        }

        return _due.Count == 0 ? null : TimeSpan.FromMilliseconds(Math.Max(1, (_due.Values.Min() - now).TotalMilliseconds));
    }

    private void Note(StoredObject pod)
    {
        var metadata = pod.Read().Obj("metadata");
        if (pod.Deleting && metadata.Int("deletionGracePeriodSeconds") > 0)
        {
            _due[pod.Key] = KubeTime.Parse(metadata.Str("deletionTimestamp")) ?? time.GetUtcNow();
        }
    }
}
