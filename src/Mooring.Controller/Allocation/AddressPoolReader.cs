using System.Collections.Immutable;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Validation;
using Mooring.Core.Allocation;

namespace Mooring.Controller.Allocation;

/// <summary>Reads the AddressPools. Of two that overlap the older one is good.</summary>
internal static class AddressPoolReader
{
    public static ImmutableArray<AddressPoolSettings> Read(IEnumerable<V1Alpha1AddressPool> resources)
    {
        var good = new List<AddressPoolSettings>();
        var all = ImmutableArray.CreateBuilder<AddressPoolSettings>();
        foreach (var resource in resources
            .OrderBy(pool => pool.Metadata.CreationTimestamp ?? DateTime.MaxValue)
            .ThenBy(pool => pool.Metadata.Name, StringComparer.Ordinal))
        {
            var pool = Read(resource);
            if (pool.Findings.IsEmpty && Overlap(pool, good) is { } overlap)
            {
                pool = pool with { Findings = [overlap] };
            }

            if (pool.Findings.IsEmpty)
            {
                good.Add(pool);
            }

            all.Add(pool);
        }

        return all.ToImmutable();
    }

    private static AddressPoolSettings Read(V1Alpha1AddressPool resource)
    {
        var reader = new FieldReader();
        var spec = resource.Spec ?? new AddressPoolSpec();
        var ranges = new List<AddressRange>();
        for (var i = 0; i < spec.Addresses.Count; i++)
        {
            if (AddressRange.TryParse(spec.Addresses[i], out var range, out var problem))
            {
                ranges.Add(range);
            }
            else
            {
                reader.Report(Reasons.InvalidRange, $"spec.addresses[{i}]", problem);
            }
        }

        if (spec.Addresses.Count == 0)
        {
            reader.Report(Reasons.InvalidRange, "spec.addresses", "no addresses; add a range such as 10.70.0.200-10.70.0.250");
        }

        CheckSelector(reader, spec.NamespaceSelector, "spec.namespaceSelector");
        CheckSelector(reader, spec.ServiceSelector, "spec.serviceSelector");
        return new AddressPoolSettings
        {
            Resource = resource,
            Pool = new AllocationPool(resource.Metadata.Name ?? "", AddressSet.Of(ranges), spec.AvoidBuggyIPs),
            AutoAssign = spec.AutoAssign,
            Priority = spec.Priority,
            Findings = [.. reader.Findings],
        };
    }

    private static void CheckSelector(FieldReader reader, V1LabelSelector? selector, string field)
    {
        try
        {
            selector?.Matches(new Dictionary<string, string>());
        }
        catch (FormatException e)
        {
            reader.Report(Reasons.InvalidSelector, field, e.Message);
        }
    }

    private static Finding? Overlap(AddressPoolSettings pool, List<AddressPoolSettings> others)
    {
        foreach (var other in others)
        {
            for (var i = 0; i < pool.Resource.Spec.Addresses.Count; i++)
            {
                var text = pool.Resource.Spec.Addresses[i];
                if (AddressRange.TryParse(text, out var range, out _)
                    && AddressSet.Of([range]).FirstOverlap(other.Pool.Addresses) is { } both)
                {
                    return new Finding(
                        Reasons.PoolsOverlap,
                        $"spec.addresses[{i}]",
                        $"{text} overlaps {both.Other} of AddressPool '{other.Name}', which is older; "
                        + "leave these addresses to one of the two");
                }
            }
        }

        return null;
    }
}
