namespace k8s;

/// <summary>Anything with an apiVersion and a kind.</summary>
public interface IKubernetesObject
{
    string? ApiVersion { get; set; }

    string? Kind { get; set; }
}
