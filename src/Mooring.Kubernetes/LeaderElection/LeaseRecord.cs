using System.Net;
using k8s.Models;
using Mooring.Kubernetes.Client;

namespace Mooring.Kubernetes.LeaderElection;

/// <summary>The lease as last observed, since when by our own clock, and the attempts to hold it.</summary>
internal sealed class LeaseRecord(IKubernetesClient client, LeaderElectionOptions options, TimeProvider time)
{
    private V1Lease? _observed;

    /// <summary>When the record was last seen to change, by the monotonic clock.</summary>
    private long _observedAt;

    /// <summary>When the last request that renewed it was sent; 0 while it is not ours. Read by any thread.</summary>
    private long _renewedAt;

    public string? Holder => _observed?.Spec?.HolderIdentity is { Length: > 0 } holder ? holder : null;

    public bool IsHeld => Volatile.Read(ref _renewedAt) != 0 && SinceRenewal < options.RenewDeadline;

    public TimeSpan SinceRenewal => time.GetElapsedTime(Volatile.Read(ref _renewedAt));

    /// <returns>True when the lease is ours now; false when another holds it or was quicker.</returns>
    public async Task<bool> TryAcquireOrRenewAsync(CancellationToken cancellationToken)
    {
        // The usual renewal needs no read: a lease that anybody else has touched answers with a conflict.
        if (IsHeld && _observed is { } ours && await TryWriteAsync(ours, cancellationToken))
        {
            return true;
        }

        var current = await client.GetAsync<V1Lease>(options.LeaseName, options.LeaseNamespace, cancellationToken);
        if (current is not null)
        {
            Observe(current);
            if (Holder is not null && Holder != options.Identity && !HasExpired())
            {
                Volatile.Write(ref _renewedAt, 0);
                return false;
            }
        }

        return await TryWriteAsync(current, cancellationToken);
    }

    /// <summary>Leaves the lease to whoever comes first, as client-go's ReleaseOnCancel does.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _renewedAt, 0);
        var released = Copy(_observed!);
        var now = time.GetUtcNow().UtcDateTime;
        released.Spec!.HolderIdentity = "";
        released.Spec.LeaseDurationSeconds = 1;
        released.Spec.AcquireTime = now;
        released.Spec.RenewTime = now;
        Observe(await client.UpdateAsync(released, cancellationToken));
    }

    /// <returns>False when somebody else wrote or deleted first.</returns>
    private async Task<bool> TryWriteAsync(V1Lease? current, CancellationToken cancellationToken)
    {
        // Taken before the request: others count from no earlier moment than the server's receipt of it.
        var sent = time.GetTimestamp();
        try
        {
            var written = current is null
                ? await client.CreateAsync(Claim(null), cancellationToken)
                : await client.UpdateAsync(Claim(current), cancellationToken);
            Observe(written);
            Volatile.Write(ref _renewedAt, sent == 0 ? 1 : sent);
            return true;
        }
        catch (KubernetesException e) when (
            e.StatusCode == HttpStatusCode.Conflict
            || (e.StatusCode == HttpStatusCode.NotFound && current is not null))
        {
            return false;
        }
    }

    private V1Lease Claim(V1Lease? current)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var claim = current is null ? new V1Lease { Spec = new V1LeaseSpec() } : Copy(current);
        claim.Metadata.Name = options.LeaseName;
        claim.Metadata.NamespaceProperty = options.LeaseNamespace;
        var spec = claim.Spec!;
        if (spec.HolderIdentity != options.Identity)
        {
            spec.AcquireTime = now;
            spec.LeaseTransitions = current is null ? 0 : (spec.LeaseTransitions ?? 0) + 1;
        }

        spec.HolderIdentity = options.Identity;
        spec.LeaseDurationSeconds = (int)options.LeaseDuration.TotalSeconds;
        spec.RenewTime = now;
        return claim;
    }

    /// <summary>Any difference counts as a sign of life; what the record's own times say does not.</summary>
    private void Observe(V1Lease lease)
    {
        if (_observed?.Metadata.ResourceVersion != lease.Metadata.ResourceVersion
            || _observed?.Metadata.Uid != lease.Metadata.Uid)
        {
            _observed = lease;
            _observedAt = time.GetTimestamp();
        }
    }

    private bool HasExpired()
    {
        var seconds = _observed?.Spec?.LeaseDurationSeconds ?? (int)options.LeaseDuration.TotalSeconds;
        return time.GetElapsedTime(_observedAt) >= TimeSpan.FromSeconds(seconds);
    }

    private static V1Lease Copy(V1Lease lease)
    {
        var spec = lease.Spec ?? new V1LeaseSpec();
        return new V1Lease
        {
            Metadata = lease.Metadata,
            ExtensionData = lease.ExtensionData,
            Spec = new V1LeaseSpec
            {
                HolderIdentity = spec.HolderIdentity,
                LeaseDurationSeconds = spec.LeaseDurationSeconds,
                AcquireTime = spec.AcquireTime,
                RenewTime = spec.RenewTime,
                LeaseTransitions = spec.LeaseTransitions,
                ExtensionData = spec.ExtensionData,
            },
        };
    }
}
