namespace Mooring.Core.Snapshots;

/// <summary>The namespace and name of an object, printed as <c>namespace/name</c>.</summary>
public readonly record struct NamespacedName(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}
