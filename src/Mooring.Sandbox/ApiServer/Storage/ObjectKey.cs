namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>Where an object is stored.</summary>
/// <param name="Resource">Plural resource and group, such as <c>pods</c> or <c>deployments.apps</c>; never the version.</param>
/// <param name="Namespace">Empty for cluster-scoped objects.</param>
/// <param name="Name">Object name.</param>
internal readonly record struct ObjectKey(string Resource, string Namespace, string Name)
{
    /// <summary>The key inside its resource; its ordinal order is the order of lists.</summary>
    public string Path => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";

    public static ObjectKey FromPath(string resource, string path)
    {
        var slash = path.IndexOf('/');
        return slash < 0 ? new ObjectKey(resource, "", path) : new ObjectKey(resource, path[..slash], path[(slash + 1)..]);
    }

    public override string ToString() => $"{Resource}/{Path}";
}
