using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;

namespace Mooring.Sandbox.KubeApi.OpenApi;

/// <summary>
/// OpenAPI v3: an index and one document per group version, which kubectl reads for <c>explain</c>, for the merge keys of
/// client-side apply, and to learn that the server validates fields. Built on demand and kept until a kind changes.
/// </summary>
internal sealed class OpenApiDocuments(ResourceRegistry registry)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (byte[] Text, string Hash)> _documents = new(StringComparer.Ordinal);
    private int _generation = -1;

    public JsonObject Index()
    {
        var paths = new JsonObject();
        foreach (var group in registry.Types.Select(t => (t.Group, t.Version)).Distinct())
        {
            var path = PathOf(group.Group, group.Version);
            paths[path] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={Document(group.Group, group.Version)!.Value.Hash}" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    /// <summary>The document and its hash, or null for a group version that is not served.</summary>
    public (byte[] Text, string Hash)? Document(string group, string version)
    {
        var path = PathOf(group, version);
        lock (_gate)
        {
            if (_generation != registry.Generation)
            {
                _documents.Clear();
                _generation = registry.Generation;
            }

            if (_documents.TryGetValue(path, out var known))
            {
                return known;
            }

            var types = registry.Types.Where(t => t.Group == group && t.Version == version).ToList();
            if (types.Count == 0)
            {
                return null;
            }

            var text = JsonBody.ToBytes(Build(types));
            return _documents[path] = (text, Convert.ToHexString(SHA256.HashData(text)));
        }
    }

    private static string PathOf(string group, string version) => group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";

    private static JsonObject Build(IReadOnlyList<ResourceType> types)
    {
        var schemas = new SchemaDocument();
        var paths = new JsonObject();
        foreach (var type in types)
        {
            PathItems.Add(paths, schemas, type);
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1.35.0" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas.Components() },
        };
    }
}
