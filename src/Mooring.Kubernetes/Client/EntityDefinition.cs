using System.Collections.Concurrent;
using System.Reflection;
using k8s.Models;

namespace Mooring.Kubernetes.Client;

/// <summary>A kind's place in the API, read from its <see cref="KubernetesEntityAttribute"/>.</summary>
public sealed record EntityDefinition(string Group, string Version, string Kind, string Plural, bool Namespaced)
{
    private static readonly ConcurrentDictionary<Type, EntityDefinition> Known = new();

    /// <summary>As objects spell it: "v1", "discovery.k8s.io/v1".</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    public static EntityDefinition Of<T>() => Of(typeof(T));

    /// <exception cref="InvalidOperationException">The type has no attribute, or an incomplete one.</exception>
    public static EntityDefinition Of(Type type) => Known.GetOrAdd(type, Read);

    /// <summary>Every kind that <paramref name="assembly"/> defines.</summary>
    public static IReadOnlyDictionary<Type, EntityDefinition> FindAll(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return assembly.GetTypes()
            .Where(type => type.IsDefined(typeof(KubernetesEntityAttribute), inherit: false))
            .ToDictionary(type => type, Of);
    }

    /// <summary>Path of the kind's objects in one namespace, or in all (null).</summary>
    /// <exception cref="ArgumentException">A namespace for a kind without them.</exception>
    public string CollectionPath(string? @namespace)
    {
        var root = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        if (string.IsNullOrEmpty(@namespace))
        {
            return $"{root}/{Plural}";
        }

        return Namespaced
            ? $"{root}/namespaces/{Segment(@namespace, nameof(@namespace))}/{Plural}"
            : throw new ArgumentException($"{Kind} is not a namespaced kind", nameof(@namespace));
    }

    /// <exception cref="ArgumentException">No namespace for a kind that has them, or a name no object can have.</exception>
    public string ItemPath(string name, string? @namespace, string? subresource = null)
    {
        if (Namespaced && string.IsNullOrEmpty(@namespace))
        {
            throw new ArgumentException($"{Kind} '{name}' needs a namespace", nameof(@namespace));
        }

        var item = $"{CollectionPath(@namespace)}/{Segment(name, nameof(name))}";
        return subresource is null ? item : $"{item}/{Segment(subresource, nameof(subresource))}";
    }

    /// <summary>Sets apiVersion and kind where they are missing, as they are on the items of built-in lists.</summary>
    internal T Complete<T>(T entity)
        where T : class, k8s.IKubernetesObject
    {
        entity.ApiVersion = string.IsNullOrEmpty(entity.ApiVersion) ? ApiVersion : entity.ApiVersion;
        entity.Kind = string.IsNullOrEmpty(entity.Kind) ? Kind : entity.Kind;
        return entity;
    }

    private static string Segment(string value, string parameter)
    {
        // The rule of apimachinery's IsValidPathSegmentName: anything else would be another object's path.
        if (string.IsNullOrEmpty(value) || value is "." or ".." || value.AsSpan().ContainsAny('/', '%'))
        {
            throw new ArgumentException($"'{value}' is not a name an object can have", parameter);
        }

        return Uri.EscapeDataString(value);
    }

    private static EntityDefinition Read(Type type)
    {
        var attribute = type.GetCustomAttribute<KubernetesEntityAttribute>(inherit: false)
            ?? throw new InvalidOperationException($"{type} has no [KubernetesEntity]");
        if (attribute.ApiVersion.Length == 0 || attribute.Kind.Length == 0 || attribute.PluralName.Length == 0)
        {
            throw new InvalidOperationException(
                $"[KubernetesEntity] of {type} needs ApiVersion, Kind and PluralName");
        }

        return new EntityDefinition(
            attribute.Group, attribute.ApiVersion, attribute.Kind, attribute.PluralName, attribute.Namespaced);
    }
}
