using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Health;

/// <summary>
/// Which backends of a set get new flows beyond what their own verdicts say: backups when too few others are healthy, and
/// all of them when checks find so many bad that they are not believed.
/// </summary>
public static class PoolPolicy
{
    /// <summary>The verdicts with the policies of the snapshot's sets applied. For one use, by one thread.</summary>
    /// <param name="snapshot">Names the sets.</param>
    /// <param name="isHealthy">Verdict by backend set and endpoint, null for none.</param>
    public static Func<string, IPEndPoint, bool?> Apply(ClusterSnapshot snapshot, Func<string, IPEndPoint, bool?> isHealthy)
    {
        var judged = new Dictionary<string, Dictionary<IPEndPoint, bool>>(StringComparer.Ordinal);
        foreach (var set in snapshot.BackendSets)
        {
            if (set.MinHealthyPercent > 0 || HasBackups(set))
            {
                judged.Add(set.Id, Judge(set, isHealthy));
            }
        }

        return judged.Count == 0
            ? isHealthy
            : (setId, endPoint) => judged.TryGetValue(setId, out var known) && known.TryGetValue(endPoint, out var fit)
                ? fit
                : isHealthy(setId, endPoint);
    }

    /// <summary>The verdicts with the policy of the set applied. For one use, by one thread.</summary>
    /// <param name="set">The only set that is asked about.</param>
    /// <param name="isHealthy">Verdict by backend set and endpoint, null for none.</param>
    public static Func<string, IPEndPoint, bool?> Apply(BackendSet set, Func<string, IPEndPoint, bool?> isHealthy)
    {
        if (set.MinHealthyPercent == 0 && !HasBackups(set))
        {
            return isHealthy;
        }

        var judged = Judge(set, isHealthy);
        return (setId, endPoint) => judged.TryGetValue(endPoint, out var fit) ? fit : isHealthy(setId, endPoint);
    }

    /// <summary>What is in force when <paramref name="healthy"/> of <paramref name="all"/> backends without backups are healthy.</summary>
    /// <param name="minHealthyPercent">Share below which checks are not believed; 0 always believes them.</param>
    /// <param name="healthy">Healthy backends that are no backups.</param>
    /// <param name="all">Backends that are no backups.</param>
    /// <param name="healthyBackups">Healthy backups.</param>
    public static PoolMode ModeOf(int minHealthyPercent, int healthy, int all, int healthyBackups)
    {
        if (healthy > 0 && IsEnough(healthy))
        {
            return PoolMode.Normal;
        }

        var active = healthy + healthyBackups;
        return active > 0 && IsEnough(active)
            ? healthyBackups > 0 ? PoolMode.Backups : PoolMode.Normal
            : minHealthyPercent > 0 ? PoolMode.FailOpen : healthyBackups > 0 ? PoolMode.Backups : PoolMode.Normal;

        bool IsEnough(int count) => count * 100L >= (long)minHealthyPercent * all;
    }

    private static bool HasBackups(BackendSet set)
    {
        foreach (var backend in set.Backends)
        {
            if (backend.Backup)
            {
                return true;
            }
        }

        return false;
    }

    private static Dictionary<IPEndPoint, bool> Judge(BackendSet set, Func<string, IPEndPoint, bool?> isHealthy)
    {
        var verdicts = new List<(Backend Backend, bool Healthy)>(set.Backends.Length);
        var (healthy, all, backups) = (0, 0, 0);
        foreach (var backend in set.Backends)
        {
            if (backend.Condition != BackendCondition.Ready || backend.Weight == 0)
            {
                continue;
            }

            var fit = isHealthy(set.Id, backend.EndPoint) != false;
            verdicts.Add((backend, fit));
            all += backend.Backup ? 0 : 1;
            healthy += fit && !backend.Backup ? 1 : 0;
            backups += fit && backend.Backup ? 1 : 0;
        }

        var mode = ModeOf(set.MinHealthyPercent, healthy, all, backups);
        return verdicts.ToDictionary(
            verdict => verdict.Backend.EndPoint,
            verdict => mode switch
            {
                PoolMode.FailOpen => true,
                PoolMode.Backups => verdict.Healthy,
                _ => verdict.Healthy && !verdict.Backend.Backup,
            });
    }
}
