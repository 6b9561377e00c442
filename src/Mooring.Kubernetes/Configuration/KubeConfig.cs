using k8s.Exceptions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace k8s.KubeConfigModels;

/// <summary>
/// One or several kubeconfig files merged as kubectl merges them: the first file to name a cluster, user or context,
/// or a current context, wins.
/// </summary>
internal sealed class KubeConfig
{
    /// <summary>Far above any real one; a wrong path must not pull a disk image into memory.</summary>
    private const long MaxBytes = 16 << 20;

    private readonly Dictionary<string, YamlField> _clusters = [];
    private readonly Dictionary<string, YamlField> _users = [];
    private readonly Dictionary<string, YamlField> _contexts = [];

    private KubeConfig(string firstFile) => FirstFile = firstFile;

    public string FirstFile { get; }

    public string? CurrentContext { get; private set; }

    public static KubeConfig Load(IReadOnlyList<string> files)
    {
        var config = new KubeConfig(files[0]);
        foreach (var file in files)
        {
            config.Merge(Read(file));
        }

        return config;
    }

    public YamlField Context(string name) => Find(_contexts, "contexts", name, FirstFile);

    public YamlField Cluster(YamlField reference) => Find(_clusters, "clusters", reference.Required(), reference);

    public YamlField? User(YamlField reference) =>
        reference.Text() is { } name ? Find(_users, "users", name, reference) : null;

    private static YamlField Find(Dictionary<string, YamlField> entries, string kind, string name, YamlField reference) =>
        entries.TryGetValue(name, out var found)
            ? found
            : throw reference.Fault($"names '{name}', which {kind} does not hold; it holds {Names(entries)}");

    private static YamlField Find(Dictionary<string, YamlField> entries, string kind, string name, string file) =>
        entries.TryGetValue(name, out var found)
            ? found
            : throw new KubeConfigException(file, kind, $"there is no '{name}'; there is {Names(entries)}");

    private static string Names(Dictionary<string, YamlField> entries) =>
        entries.Count == 0 ? "nothing" : string.Join(", ", entries.Keys.Select(name => $"'{name}'"));

    private static YamlField Read(string file)
    {
        try
        {
            var info = new FileInfo(file);
            if (info.Exists && info.Length > MaxBytes)
            {
                throw new KubeConfigException(file, null, $"has {info.Length} bytes, which no kubeconfig has");
            }

            using var text = File.OpenText(file);
            var yaml = new YamlStream();
            yaml.Load(new ShallowParser(new Parser(text)));
            var root = yaml.Documents.Count == 0 ? null : yaml.Documents[0].RootNode;
            return root is YamlMappingNode
                ? new YamlField(file, "", root)
                : throw new KubeConfigException(file, null, "is not a kubeconfig: expected a mapping at the top");
        }
        catch (YamlException e)
        {
            throw new KubeConfigException(file, null, $"is not YAML: line {e.Start.Line}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubeConfigException(file, null, $"cannot be read: {e.Message}", e);
        }
    }

    private void Merge(YamlField root)
    {
        CurrentContext ??= root["current-context"].Text();
        Collect(root["clusters"], "cluster", _clusters);
        Collect(root["users"], "user", _users);
        Collect(root["contexts"], "context", _contexts);
    }

    private static void Collect(YamlField list, string body, Dictionary<string, YamlField> into)
    {
        foreach (var entry in list.Items())
        {
            var name = entry["name"].Required();
            into.TryAdd(name, entry.Named(name)[body]);
        }
    }
}
