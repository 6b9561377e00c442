using k8s.Models;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>Keeps beside each source map a derived one with twice its number, over whatever connection it is given.</summary>
internal sealed class Doubler(IKubernetesClient client) : IEntityController<V1ConfigMap>
{
    public const string Role = "role";

    private readonly HashSet<ObjectKey> _running = [];

    /// <summary>A key that was reconciled twice at once.</summary>
    public ObjectKey? Doubled { get; private set; }

    public static string DerivedName(string source) => $"derived-{source}";

    public static string Derive(V1ConfigMap source) => $"{2 * int.Parse(source.Data!["n"])}";

    public async Task<ReconciliationResult> ReconcileAsync(V1ConfigMap entity, CancellationToken cancellationToken)
    {
        using var _ = Enter(entity.GetKey());
        var (name, ns) = (DerivedName(entity.Metadata.Name!), entity.Metadata.NamespaceProperty!);
        var wanted = Derive(entity);
        var derived = await client.GetAsync<V1ConfigMap>(name, ns, cancellationToken);
        if (derived is null)
        {
            await client.CreateAsync(
                new V1ConfigMap
                {
                    Metadata = new V1ObjectMeta
                    {
                        Name = name,
                        NamespaceProperty = ns,
                        Labels = new Dictionary<string, string> { [Role] = "derived" },
                    },
                    Data = new Dictionary<string, string> { ["n"] = wanted },
                },
                cancellationToken);
        }
        else if (derived.Data!["n"] != wanted)
        {
            derived.Data["n"] = wanted;
            await client.UpdateAsync(derived, cancellationToken);
        }

        return ReconciliationResult.Done;
    }

    public async Task<ReconciliationResult> DeletedAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        using var _ = Enter(key);
        await client.DeleteAsync<V1ConfigMap>(
            DerivedName(key.Name), key.Namespace, cancellationToken: cancellationToken);
        return ReconciliationResult.Done;
    }

    private Visit Enter(ObjectKey key)
    {
        lock (_running)
        {
            Doubled ??= _running.Add(key) ? null : key;
        }

        return new Visit(this, key);
    }

    private sealed class Visit(Doubler owner, ObjectKey key) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._running)
            {
                owner._running.Remove(key);
            }
        }
    }
}
