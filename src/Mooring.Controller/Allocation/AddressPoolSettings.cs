using System.Collections.Immutable;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Validation;
using Mooring.Core.Allocation;

namespace Mooring.Controller.Allocation;

/// <summary>The spec of an AddressPool with every field read, and what is wrong with it, alone or beside the others.</summary>
internal sealed record AddressPoolSettings
{
    public required V1Alpha1AddressPool Resource { get; init; }

    public required AllocationPool Pool { get; init; }

    public string Name => Pool.Name;

    public bool AutoAssign { get; init; }

    /// <summary>Pools with a smaller number come first; 0 comes last.</summary>
    public int Priority { get; init; }

    public ImmutableArray<Finding> Findings { get; init; } = [];

    /// <summary>Why an object may not use the pool, or null when it may.</summary>
    /// <param name="namespace">Name of the object's namespace.</param>
    /// <param name="namespaceLabels">Labels of that namespace.</param>
    /// <param name="labels">Labels of the object.</param>
    public string? Denies(
        string @namespace, IDictionary<string, string>? namespaceLabels, IDictionary<string, string>? labels)
    {
        var spec = Resource.Spec;
        var named = spec.Namespaces is { Count: > 0 };
        if ((named || spec.NamespaceSelector is not null)
            && !(named && spec.Namespaces!.Contains(@namespace))
            && spec.NamespaceSelector?.Matches(namespaceLabels) != true)
        {
            return $"AddressPool '{Name}' is not for namespace {@namespace}; add the namespace to it, or name another pool";
        }

        return spec.ServiceSelector?.Matches(labels) == false
            ? $"AddressPool '{Name}' is for objects with other labels; add the labels of its serviceSelector, or name another pool"
            : null;
    }
}
