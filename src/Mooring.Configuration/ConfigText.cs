using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Mooring.Configuration;

/// <summary>The text of a configuration file: a YAML mapping of names to single values.</summary>
internal static class ConfigText
{
    /// <summary>An empty text is an empty mapping.</summary>
    public static (IReadOnlyDictionary<string, string> Entries, IReadOnlyList<string> Errors) Parse(string text)
    {
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var errors = new List<string>();
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            return (entries, [$"line {e.Start.Line}: {e.Message}"]);
        }

        if (stream.Documents.Count == 0)
        {
            return (entries, errors);
        }

        if (stream.Documents.Count > 1 || stream.Documents[0].RootNode is not YamlMappingNode root)
        {
            return (entries, ["must be one YAML mapping, such as 'logLevel: Debug'"]);
        }

        foreach (var (key, value) in root.Children)
        {
            if (key is YamlScalarNode { Value: { } name } && value is YamlScalarNode scalar && !IsNull(scalar))
            {
                entries[name] = scalar.Value ?? "";
            }
            else
            {
                errors.Add($"{key}: must have a single value (line {value.Start.Line})");
            }
        }

        return (entries, errors);
    }

    private static bool IsNull(YamlScalarNode node) =>
        node.Style == ScalarStyle.Plain && node.Value is null or "" or "~" or "null";
}
