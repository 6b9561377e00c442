using Mooring.Sandbox.Kubelets;

namespace Mooring.Sandbox.Cluster;

/// <summary>Applies the CustomResourceDefinitions in a directory.</summary>
internal static class ResourceDefinitions
{
    private const string Path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    /// <exception cref="DirectoryNotFoundException">The directory does not exist.</exception>
    public static async Task ApplyAsync(ClusterClient client, string directory, CancellationToken cancellationToken)
    {
        foreach (var file in Directory.EnumerateFiles(directory, "*.yaml").Order(StringComparer.Ordinal))
        {
            var text = await File.ReadAllTextAsync(file, cancellationToken);
            await client.ApplyYamlAsync($"{Path}/{NameOf(text, file)}", text, cancellationToken);
        }
    }

    private static string NameOf(string text, string file)
    {
        var name = text.Split('\n').FirstOrDefault(line => line.StartsWith("  name: ", StringComparison.Ordinal));
        return name?["  name: ".Length..].Trim() ?? throw new InvalidDataException($"{file} has no metadata.name");
    }
}
