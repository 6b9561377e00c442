namespace k8s.Exceptions;

/// <summary>A kubeconfig, or what a pod finds in place of one, cannot be used. Names the file, the field and why.</summary>
public sealed class KubeConfigException : Exception
{
    public KubeConfigException(string file, string? field, string problem, Exception? innerException = null)
        : base(field is null ? $"{file}: {problem}" : $"{file}: {field}: {problem}", innerException)
    {
        File = file;
        Field = field;
    }

    public string File { get; }

    /// <summary>Path of the field, such as <c>clusters[dev].cluster.server</c>; null when the whole file is meant.</summary>
    public string? Field { get; }
}
