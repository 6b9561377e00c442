namespace Mooring.Kubernetes.Client;

/// <summary>What to keep of the objects that are read. Writing a whole object back needs all of it but the field owners.</summary>
public enum ObjectFields
{
    All,

    /// <summary>
    /// Without <c>metadata.managedFields</c>: often half of an object, and of no use to a cache. An update without them
    /// leaves the server's as they are.
    /// </summary>
    WithoutManagedFields,

    /// <summary>
    /// Only those that the model names. A small part of the memory, for readers that change objects by patches alone:
    /// an update with such an object would drop the rest.
    /// </summary>
    Modelled,
}
