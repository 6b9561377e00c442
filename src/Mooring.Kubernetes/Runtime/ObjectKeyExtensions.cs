using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Runtime;

public static class ObjectKeyExtensions
{
    public static ObjectKey GetKey(this IMetadata<V1ObjectMeta> entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return new ObjectKey(entity.Metadata.NamespaceProperty ?? "", entity.Metadata.Name ?? "");
    }
}
