namespace k8s.Models;

/// <summary>Group, version, kind and plural of a model: all a client needs to build its paths.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class KubernetesEntityAttribute : Attribute
{
    /// <summary>API group; empty for the core group.</summary>
    public string Group { get; set; } = "";

    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public string PluralName { get; set; } = "";

    /// <summary>False for kinds without a namespace, such as nodes.</summary>
    public bool Namespaced { get; set; } = true;
}
