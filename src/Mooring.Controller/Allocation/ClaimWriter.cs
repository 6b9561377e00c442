using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Core.Snapshots;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Events;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Controller.Allocation;

/// <summary>
/// Writes the claims of addresses. The server has one object of a name, and refuses a change of another version than the
/// one that was seen: of any number of controllers one wins an address, and the others look again.
/// </summary>
internal sealed partial class ClaimWriter(
    IKubernetesClient client,
    IInformer<V1Alpha1AddressClaim> claims,
    AgentRegistry agents,
    IEventRecorder events,
    TimeProvider time,
    ILogger<ClaimWriter> logger)
{
    private const int Workers = 8;

    /// <summary>The cache that a refused write was decided by catches up in this time, as a rule.</summary>
    private static readonly TimeSpan CatchUp = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan OverlayLimit = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<IPAddress, ClaimChange> _changes = new();

    /// <summary>What was written and the cache may not show yet, with the version that it replaced.</summary>
    private readonly ConcurrentDictionary<string, Written> _written = new(StringComparer.Ordinal);

    private WorkQueue<IPAddress>? _queue;

    /// <summary>Addresses whose claim is being written, and for whom; nobody for one that is being released.</summary>
    public ImmutableDictionary<IPAddress, NamespacedName> Pending => _changes.ToImmutableDictionary(
        change => change.Key,
        change => change.Value is ClaimChange.Take take ? KeyOf(take.VirtualIp) : default);

    /// <summary>The cached claims with what was written since.</summary>
    public IReadOnlyCollection<V1Alpha1AddressClaim> Overlay(IReadOnlyCollection<V1Alpha1AddressClaim> cached)
    {
        if (_written.IsEmpty)
        {
            return cached;
        }

        var byName = cached.ToDictionary(claim => claim.Metadata.Name ?? "", StringComparer.Ordinal);
        foreach (var (name, written) in _written)
        {
            if (byName.GetValueOrDefault(name)?.Metadata.ResourceVersion != written.Replaced
                || time.GetElapsedTime(written.At) > OverlayLimit)
            {
                // The cache has moved on; or it saw the write and a deletion between two looks of ours.
                _written.TryRemove(name, out _);
            }
            else if (written.Claim is { } claim)
            {
                byName[name] = claim;
            }
            else
            {
                byName.Remove(name);
            }
        }

        return byName.Values;
    }

    /// <summary>Has the changes written. One of an address whose claim is being written already waits for the next look.</summary>
    public void Submit(ImmutableArray<ClaimChange> changes)
    {
        foreach (var change in changes)
        {
            if (_changes.TryAdd(change.Address, change))
            {
                _queue?.Add(change.Address);
            }
        }
    }

    /// <summary>Writes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var queue = new WorkQueue<IPAddress>(new WorkQueueOptions { Name = "claims" }, time);
        _changes.Clear();
        _written.Clear();
        _queue = queue;
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync(queue, cancellationToken)));
        }
        finally
        {
            _queue = null;
        }
    }

    private async Task WorkAsync(WorkQueue<IPAddress> queue, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var address = await queue.GetAsync(cancellationToken);
                await ChangeAsync(_changes[address], cancellationToken);
                queue.Done(address);
                _changes.TryRemove(address, out _);
                agents.Changed.Raise();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ChangeAsync(ClaimChange change, CancellationToken cancellationToken)
    {
        try
        {
            await (change switch
            {
                ClaimChange.Take { Shared: null } take => CreateAsync(take, cancellationToken),
                ClaimChange.Take take => JoinAsync(take, take.Shared, cancellationToken),
                ClaimChange.Release release => ReleaseAsync(release, cancellationToken),
                _ => throw new InvalidOperationException($"unknown change {change}"),
            });
        }
        catch (KubernetesException e) when (e.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound)
        {
            Log.Lost(logger, change.Address, e.Message);
            await Task.Delay(CatchUp, time, cancellationToken);
        }
        catch (Exception e) when (e is KubernetesException or HttpRequestException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Log.Failed(logger, change.Address, e.Message);
            await Task.Delay(FailureDelay, time, cancellationToken);
        }
    }

    private async Task CreateAsync(ClaimChange.Take take, CancellationToken cancellationToken)
    {
        var name = V1Alpha1AddressClaim.NameOf(take.Address);
        var created = await client.CreateAsync(
            new V1Alpha1AddressClaim
            {
                Metadata = new V1ObjectMeta { Name = name },
                Spec = new AddressClaimSpec
                {
                    Address = take.Address.ToString(),
                    Pool = take.Pool,
                    Owners = [OwnerOf(take.VirtualIp)],
                },
            },
            cancellationToken);
        Wrote(name, null, created);
        Tell(take);
    }

    private async Task JoinAsync(ClaimChange.Take take, V1Alpha1AddressClaim shared, CancellationToken cancellationToken)
    {
        var joined = await client.UpdateAsync(
            With(shared, [.. shared.Spec.Owners, OwnerOf(take.VirtualIp)]), cancellationToken);
        Wrote(shared.Metadata.Name!, shared, joined);
        Tell(take);
    }

    private async Task ReleaseAsync(ClaimChange.Release release, CancellationToken cancellationToken)
    {
        // The cache may not have seen an owner yet that another controller gave the address to.
        foreach (var (owner, generation) in release.Leaving)
        {
            var vip = await client.GetAsync<V1Alpha1VirtualIp>(owner.Name, owner.Namespace, cancellationToken);
            if (vip is not null && (vip.Metadata.Generation ?? 0) != generation)
            {
                return;
            }
        }

        var claim = release.Claim;
        var staying = claim.Spec.Owners
            .Where(owner => !release.Leaving.ContainsKey(new NamespacedName(owner.NamespaceProperty, owner.Name)))
            .ToList();
        if (staying.Count > 0)
        {
            Wrote(claim.Metadata.Name!, claim, await client.UpdateAsync(With(claim, staying), cancellationToken));
        }
        else
        {
            await client.DeleteAsync<V1Alpha1AddressClaim>(
                claim.Metadata.Name!,
                options: new DeleteOptions { Uid = claim.Metadata.Uid, ResourceVersion = claim.Metadata.ResourceVersion },
                cancellationToken: cancellationToken);
            Wrote(claim.Metadata.Name!, claim, null);
        }

        Log.Released(logger, release.Address, string.Join(", ", release.Leaving.Keys));
    }

    private void Wrote(string name, V1Alpha1AddressClaim? before, V1Alpha1AddressClaim? after)
    {
        // A cache that has seen this write, or a later one, must not be hidden by it.
        var replaced = before?.Metadata.ResourceVersion;
        if (claims.Store.Get(new ObjectKey("", name))?.Metadata.ResourceVersion == replaced)
        {
            _written[name] = new Written(replaced, after, time.GetTimestamp());
        }
    }

    private void Tell(ClaimChange.Take take)
    {
        Log.Taken(logger, take.Address, take.Pool, KeyOf(take.VirtualIp));
        events.Record(
            take.VirtualIp,
            EventTypes.Normal,
            "AddressAssigned",
            string.Create(CultureInfo.InvariantCulture, $"{take.Address} of AddressPool {take.Pool}"));
    }

    private static NamespacedName KeyOf(V1Alpha1VirtualIp vip) =>
        new(vip.Metadata.NamespaceProperty ?? "", vip.Metadata.Name ?? "");

    private static ClaimOwner OwnerOf(V1Alpha1VirtualIp vip) =>
        new() { NamespaceProperty = vip.Metadata.NamespaceProperty ?? "", Name = vip.Metadata.Name ?? "" };

    private static V1Alpha1AddressClaim With(V1Alpha1AddressClaim claim, IList<ClaimOwner> owners) => new()
    {
        Metadata = claim.Metadata,
        Spec = new AddressClaimSpec { Address = claim.Spec.Address, Pool = claim.Spec.Pool, Owners = owners },
    };

    private sealed record Written(string? Replaced, V1Alpha1AddressClaim? Claim, long At);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Gave {Address} of AddressPool {Pool} to {Vip}")]
        public static partial void Taken(ILogger logger, IPAddress address, string pool, NamespacedName vip);

        [LoggerMessage(Level = LogLevel.Information, Message = "Took {Address} back from {Vips}")]
        public static partial void Released(ILogger logger, IPAddress address, string vips);

        [LoggerMessage(Level = LogLevel.Information, Message = "The claim of {Address} has changed meanwhile: {Problem}")]
        public static partial void Lost(ILogger logger, IPAddress address, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot write the claim of {Address}: {Problem}")]
        public static partial void Failed(ILogger logger, IPAddress address, string problem);
    }
}
