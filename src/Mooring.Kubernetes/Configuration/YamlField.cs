using k8s.Exceptions;
using YamlDotNet.RepresentationModel;

namespace k8s.KubeConfigModels;

/// <summary>A place in a kubeconfig that knows its file and path, so that every complaint can name them.</summary>
internal readonly struct YamlField(string file, string path, YamlNode? node)
{
    public string File => file;

    public string Path => path;

    public bool IsPresent => node is not null && !IsNull(node);

    public YamlField this[string key]
    {
        get
        {
            var child = path.Length == 0 ? key : $"{path}.{key}";
            return node switch
            {
                YamlMappingNode map => new YamlField(
                    file, child, map.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null),
                _ when !IsPresent => new YamlField(file, child, null),
                _ => throw Fault("expected a mapping"),
            };
        }
    }

    public IEnumerable<YamlField> Items()
    {
        if (!IsPresent)
        {
            return [];
        }

        var (place, name) = (path, file);
        return node is YamlSequenceNode list
            ? list.Children.Select((item, i) => new YamlField(name, $"{place}[{i}]", item))
            : throw Fault("expected a list");
    }

    /// <summary>The same node under a more telling path: entries of a kubeconfig go by name.</summary>
    public YamlField Named(string name) => new(file, $"{path[..path.LastIndexOf('[')]}[{name}]", node);

    public string? Text() => node switch
    {
        _ when !IsPresent => null,
        YamlScalarNode { Value: var text } => string.IsNullOrEmpty(text) ? null : text,
        _ => throw Fault("expected a string"),
    };

    public string Required() => Text() ?? throw Fault("is missing");

    public bool Flag() => Text() switch
    {
        null => false,
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        var other => throw Fault($"expected true or false, not '{other}'"),
    };

    /// <summary>Bytes given in base64.</summary>
    public byte[]? Data()
    {
        if (Text() is not { } text)
        {
            return null;
        }

        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException e)
        {
            throw Fault("is not base64", e);
        }
    }

    public KubeConfigException Fault(string problem, Exception? inner = null)
    {
        var line = node is null ? "" : $" (line {node.Start.Line})";
        return new KubeConfigException(file, path.Length == 0 ? null : path, problem + line, inner);
    }

    private static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: "" or "~" or "null" or null };
}
