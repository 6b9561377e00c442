using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using k8s;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Allocation;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.LoadBalancers;

/// <summary>Compares Services of type LoadBalancer with the objects they own. Pure.</summary>
internal static class ServicePlanner
{
    public const string LoadBalancerClass = "mooring.dev/vip";

    /// <summary>Keeps a Service until its VirtualIp is gone, so that nobody is given the address while it is served.</summary>
    public const string Finalizer = "mooring.dev/load-balancer-cleanup";

    /// <summary>
    /// Specs that contain what their annotation stands for. Objects of the caches do not change, and a look at each of
    /// thousands after every change would cost more than all else.
    /// </summary>
    private static readonly ConditionalWeakTable<object, object> Compared = [];

    /// <summary>What Services wanted last.</summary>
    private static readonly ConditionalWeakTable<V1Service, Translated> Translations = [];

    public static ImmutableArray<ServicePlan> Plan(
        ClusterWorld world, IEnumerable<VirtualIpEvaluation> vips, IEnumerable<AddressPoolEvaluation> addressPools, bool takesClassless)
    {
        V1Service[] concerned = [.. world.Services.Where(service =>
            IsOurs(service, takesClassless) || service.Metadata.Finalizers?.Contains(Finalizer) == true)];
        if (concerned.Length == 0)
        {
            return [];
        }

        var choice = new PoolChoice(addressPools, world.Namespaces);
        var evaluations = vips.ToDictionary(vip => vip.Settings.Key);
        var virtualIps = world.VirtualIps.ToDictionary(vip => KeyOf(vip.Metadata));
        var pools = world.BackendPools.ToDictionary(pool => KeyOf(pool.Metadata));
        var claimed = world.AddressClaims
            .SelectMany(claim => claim.Spec.Owners.Select(
                owner => (Key: new NamespacedName(owner.NamespaceProperty, owner.Name), claim.Spec.Pool)))
            .ToLookup(entry => entry.Key, entry => entry.Pool);
        var plans = ImmutableArray.CreateBuilder<ServicePlan>();
        foreach (var service in concerned
            .OrderBy(service => service.Metadata.CreationTimestamp ?? DateTime.MaxValue)
            .ThenBy(service => service.Metadata.NamespaceProperty, StringComparer.Ordinal)
            .ThenBy(service => service.Metadata.Name, StringComparer.Ordinal))
        {
            var key = KeyOf(service.Metadata);
            var ours = IsOurs(service, takesClassless) && service.Metadata.DeletionTimestamp is null;
            if (ours)
            {
                plans.Add(Serve(
                    service, key, virtualIps.GetValueOrDefault(key), pools.GetValueOrDefault(key),
                    evaluations.GetValueOrDefault(key), claimed[key], choice));
            }
            else if (service.Metadata.Finalizers?.Contains(Finalizer) == true)
            {
                plans.Add(Leave(service, key, virtualIps.GetValueOrDefault(key), pools.GetValueOrDefault(key)));
            }
        }

        return plans.ToImmutable();
    }

    private static bool IsOurs(V1Service service, bool takesClassless) => service.Spec?.Type == "LoadBalancer"
        && (service.Spec.LoadBalancerClass is { } name ? name == LoadBalancerClass : takesClassless);

    private static ServicePlan Serve(
        V1Service service,
        NamespacedName key,
        V1Alpha1VirtualIp? vip,
        V1Alpha1BackendPool? pool,
        VirtualIpEvaluation? evaluation,
        IEnumerable<string> claimedPools,
        PoolChoice choice)
    {
        var plan = new ServicePlan(service, key);
        var stranger = IsForeign(vip?.Metadata, service) ? "VirtualIp" : IsForeign(pool?.Metadata, service) ? "BackendPool" : null;
        if (stranger is not null)
        {
            return plan with { Findings = [Taken(key, stranger)] };
        }

        var kept = vip?.Spec.AddressPool is { } current && claimedPools.Contains(current) ? current : null;
        var (wanted, findings) = Translate(service, kept, choice);
        if (evaluation is { Accepted: false, Pending: false })
        {
            findings = [.. findings, .. evaluation.Findings];
        }

        return plan with
        {
            AddFinalizer = service.Metadata.Finalizers?.Contains(Finalizer) != true,
            ApplyPool = wanted is { Pool: var backends } && !IsApplied(pool?.Metadata, pool?.Spec, backends.Metadata, backends.Spec)
                ? backends : null,
            ApplyVirtualIp = wanted is { VirtualIp: var desired } && !IsApplied(vip?.Metadata, vip?.Spec, desired.Metadata, desired.Spec)
                ? desired : null,
            Ingress = IngressChange(service, evaluation is { Accepted: true } ? Addresses(evaluation) : []),
            Findings = findings,
        };
    }

    /// <summary>While a Service keeps its pool, and the pools are as they were, it wants the same as before.</summary>
    private static Translated Translate(V1Service service, string? kept, PoolChoice choice)
    {
        if (kept is not null && Translations.TryGetValue(service, out var known) && known.Kept == kept && known.Pools == choice.Version)
        {
            return known;
        }

        var translation = new ServiceTranslation(choice);
        var translated = new Translated(translation.Translate(service, kept), [.. translation.Findings]) { Kept = kept, Pools = choice.Version };
        Translations.AddOrUpdate(service, translated);
        return translated;
    }

    private static ServicePlan Leave(
        V1Service service, NamespacedName key, V1Alpha1VirtualIp? vip, V1Alpha1BackendPool? pool)
    {
        var ownVip = IsForeign(vip?.Metadata, service) ? null : vip;
        var ownPool = IsForeign(pool?.Metadata, service) ? null : pool;
        return new ServicePlan(service, key)
        {
            DeleteVirtualIp = ownVip is { Metadata.DeletionTimestamp: null } ? ownVip : null,
            DeletePool = ownPool is { Metadata.DeletionTimestamp: null } ? ownPool : null,
            Ingress = service.Metadata.DeletionTimestamp is null && service.Spec?.LoadBalancerClass is null or LoadBalancerClass
                ? IngressChange(service, []) : null,
            RemoveFinalizer = ownVip is null && ownPool is null,
        };
    }

    private static ImmutableArray<string> Addresses(VirtualIpEvaluation vip) =>
        [.. vip.Settings.Addresses.Select(address => address.ToString())];

    private static ImmutableArray<string>? IngressChange(V1Service service, ImmutableArray<string> wanted)
    {
        var present = (service.Status?.LoadBalancer?.Ingress ?? []).Select(ingress => (ingress.Ip ?? "", ingress.IpMode ?? ""));
        return present.SequenceEqual(wanted.Select(address => (address, "VIP"))) ? null : wanted;
    }

    /// <summary>An object of that name that is not the Service's.</summary>
    private static bool IsForeign(V1ObjectMeta? metadata, V1Service service) =>
        metadata is not null && metadata.OwnerReferences?.Any(owner => owner.Uid == service.Metadata.Uid) != true;

    private static Finding Taken(NamespacedName key, string kind) => new(
        Reasons.NameTaken,
        "metadata.name",
        $"there is a {kind} {key} that does not belong to this Service; rename or delete one of the two");

    /// <summary>Everything that is wanted is there, and nothing was wanted before that is not wanted now.</summary>
    private static bool IsApplied(V1ObjectMeta? present, object? presentSpec, V1ObjectMeta wanted, object wantedSpec) =>
        present is not null && presentSpec is not null
        && present.Annotations is { } annotations
        && annotations.TryGetValue(ServiceTranslation.AppliedAnnotation, out var applied)
        && applied == wanted.Annotations![ServiceTranslation.AppliedAnnotation]
        && (Compared.TryGetValue(presentSpec, out _) || Compare(present, presentSpec, wanted, wantedSpec));

    private static bool Compare(V1ObjectMeta present, object presentSpec, V1ObjectMeta wanted, object wantedSpec)
    {
        if (!Contains(KubernetesJson.Serialize(present.Labels), KubernetesJson.Serialize(wanted.Labels))
            || !Contains(KubernetesJson.Serialize(presentSpec), KubernetesJson.Serialize(wantedSpec)))
        {
            return false;
        }

        Compared.AddOrUpdate(presentSpec, presentSpec);
        return true;
    }

    private static bool Contains(string present, string wanted)
    {
        using var left = JsonDocument.Parse(present);
        using var right = JsonDocument.Parse(wanted);
        return Contains(left.RootElement, right.RootElement);
    }

    private static bool Contains(JsonElement present, JsonElement wanted) => wanted.ValueKind switch
    {
        JsonValueKind.Object => (present.ValueKind == JsonValueKind.Object || !wanted.EnumerateObject().Any())
            && wanted.EnumerateObject().All(
                field => present.TryGetProperty(field.Name, out var value) && Contains(value, field.Value)),
        JsonValueKind.Array => present.ValueKind == JsonValueKind.Array
            && present.GetArrayLength() == wanted.GetArrayLength()
            && present.EnumerateArray().Zip(wanted.EnumerateArray()).All(pair => Contains(pair.First, pair.Second)),
        _ => JsonElement.DeepEquals(present, wanted),
    };

    private static NamespacedName KeyOf(V1ObjectMeta metadata) => new(metadata.NamespaceProperty ?? "", metadata.Name ?? "");

    private sealed record Translated(
        (V1Alpha1VirtualIp VirtualIp, V1Alpha1BackendPool Pool)? Wanted, ImmutableArray<Finding> Findings)
    {
        public string? Kept { get; init; }

        /// <summary>Version of the pools that were chosen from.</summary>
        public string Pools { get; init; } = "";
    }
}
