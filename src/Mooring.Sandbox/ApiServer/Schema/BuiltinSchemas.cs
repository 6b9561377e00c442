using System.Reflection;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>The types of the built-in kinds, read once from the embedded <c>.schema</c> files.</summary>
internal sealed class BuiltinSchemas
{
    private static readonly Lazy<BuiltinSchemas> Lazily = new(LoadEmbedded);

    private readonly Dictionary<string, ObjectSchema> _types;

    private BuiltinSchemas(Dictionary<string, ObjectSchema> types) => _types = types;

    public static BuiltinSchemas Instance => Lazily.Value;

    public ObjectSchema ObjectMeta => this["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"];

    public ObjectSchema ListMeta => this["io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"];

    public ObjectSchema this[string fullName] =>
        _types.GetValueOrDefault(fullName) ?? throw new KeyNotFoundException($"no built-in type {fullName}");

    private static BuiltinSchemas LoadEmbedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var reader = new SchemaTextReader();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".schema", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = new StreamReader(assembly.GetManifestResourceStream(name)!);
            reader.Read(name, stream.ReadToEnd());
        }

        return new BuiltinSchemas(reader.Finish());
    }
}
