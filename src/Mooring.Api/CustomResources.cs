using Mooring.Api.Schema;
using Mooring.Api.V1Alpha1;

namespace Mooring.Api;

/// <summary>Every custom resource, and the files generated from their types.</summary>
public static class CustomResources
{
    public static IReadOnlyList<Type> Types { get; } =
        [typeof(V1Alpha1VirtualIp), typeof(V1Alpha1BackendPool), typeof(V1Alpha1AddressPool), typeof(V1Alpha1AddressClaim)];

    /// <summary>Path from the root of the repository, and text: the same bytes whenever the types are the same.</summary>
    public static IReadOnlyDictionary<string, string> GeneratedFiles()
    {
        var definitions = Types.Select(type => new CustomResourceDefinition(type)).ToArray();
        var files = definitions.ToDictionary(
            definition => $"crds/{definition.FileName}", definition => definition.ToYaml(), StringComparer.Ordinal);
        files["docs/reference.md"] = ReferencePage.Render(definitions);
        return files;
    }
}
