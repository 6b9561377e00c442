namespace k8s;

#pragma warning disable MA0048 // the generic twin of IKubernetesObject
public interface IKubernetesObject<TMetadata> : IKubernetesObject, IMetadata<TMetadata>;
