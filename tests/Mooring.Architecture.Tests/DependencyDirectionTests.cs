namespace Mooring.Architecture.Tests;

/// <summary>The directions of dependency that the architecture page fixes, read from the project files.</summary>
public sealed class DependencyDirectionTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Mooring.Core"] = [],
        ["Mooring.Linux"] = [],
        ["Mooring.Configuration"] = [],
        ["Mooring.Telemetry"] = [],
        ["Mooring.Kubernetes"] = [],
        ["Mooring.Api"] = ["Mooring.Kubernetes"],
        ["Mooring.Protocol"] = ["Mooring.Core"],
        ["Mooring.Controller"] =
            ["Mooring.Configuration", "Mooring.Core", "Mooring.Api", "Mooring.Kubernetes", "Mooring.Protocol", "Mooring.Telemetry"],
        ["Mooring.Agent"] = ["Mooring.Configuration", "Mooring.Core", "Mooring.Linux", "Mooring.Protocol", "Mooring.Telemetry"],
        ["Mooring.Sandbox"] = ["Mooring.Linux"],
        ["Mooring.Cli"] = ["Mooring.Api", "Mooring.Kubernetes"],
    };

    public static TheoryData<string> Projects => [.. Repository.SourceProjects.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void References_OfEachProject_AreAmongThoseAllowed(string name)
    {
        Allowed.ShouldContainKey(name, $"{name} is new: give it a row here and a line in docs/architecture.md");
        Repository.SourceProjects[name].References.Except(Allowed[name]).ShouldBeEmpty(
            $"{name} may reference only [{string.Join(", ", Allowed[name])}]");
    }

    [Fact]
    public void Agent_WholeClosure_HasNoKubernetes()
    {
        var closure = Repository.SourceProjects["Mooring.Agent"].Closure(Repository.SourceProjects);

        closure.ShouldNotContain("Mooring.Kubernetes");
        closure.ShouldNotContain("Mooring.Api");
    }

    [Fact]
    public void Sandbox_IsReferencedByNothingShipped()
    {
        foreach (var project in Repository.SourceProjects.Values)
        {
            project.References.ShouldNotContain("Mooring.Sandbox", project.Name);
        }
    }

    [Fact]
    public void Core_HasNoPackages()
    {
        Repository.SourceProjects["Mooring.Core"].Packages.ShouldBeEmpty();
    }

    [Fact]
    public void PlatformInvoke_StandsOnlyInLinux()
    {
        var offenders = Repository.SourceFiles("src")
            .Where(file => !file.Path.StartsWith("src/Mooring.Linux/", StringComparison.Ordinal))
            .Where(file => file.Text.Contains("[DllImport", StringComparison.Ordinal)
                || file.Text.Contains("[LibraryImport", StringComparison.Ordinal)
                || file.Text.Contains("NativeLibrary.", StringComparison.Ordinal))
            .Select(file => file.Path);

        offenders.ShouldBeEmpty();
    }

    [Fact]
    public void Core_DoesNoInputOrOutput()
    {
        string[] banned = ["System.IO", "System.Net.Http", "new Socket", "UdpClient", "TcpClient", "File.", "Directory.", "Console."];
        var offenders =
            from file in Repository.SourceFiles("src/Mooring.Core")
            from word in banned
            where file.Text.Split('\n').Any(line =>
                !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && HasWord(line, word))
            select $"{file.Path}: {word}";

        offenders.ShouldBeEmpty();
    }

    private static bool HasWord(string line, string word)
    {
        var at = line.IndexOf(word, StringComparison.Ordinal);
        return at >= 0 && (at == 0 || !(char.IsLetterOrDigit(line[at - 1]) || line[at - 1] == '.'));
    }
}
