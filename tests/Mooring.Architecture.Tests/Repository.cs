using System.Xml.Linq;

namespace Mooring.Architecture.Tests;

/// <summary>The repository the tests were built from, read as text.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IReadOnlyDictionary<string, Project> SourceProjects { get; } =
        Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
            .Select(Read)
            .ToDictionary(project => project.Name, StringComparer.Ordinal);

    public static IEnumerable<(string Path, string Text)> SourceFiles(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(Root, path);
            if (!relative.Contains("/obj/", StringComparison.Ordinal) && !relative.Contains("/bin/", StringComparison.Ordinal))
            {
                yield return (relative, File.ReadAllText(path));
            }
        }
    }

    private static Project Read(string path)
    {
        var xml = XDocument.Load(path);
        var references = xml.Descendants("ProjectReference")
            .Select(element => Path.GetFileNameWithoutExtension(element.Attribute("Include")!.Value))
            .ToHashSet(StringComparer.Ordinal);
        var packages = xml.Descendants("PackageReference")
            .Select(element => element.Attribute("Include")!.Value)
            .ToHashSet(StringComparer.Ordinal);
        return new Project(Path.GetFileNameWithoutExtension(path), references, packages);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no folder above {AppContext.BaseDirectory} has Operator.sln");
    }
}
