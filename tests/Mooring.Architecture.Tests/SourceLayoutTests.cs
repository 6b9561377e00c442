namespace Mooring.Architecture.Tests;

public sealed class SourceLayoutTests
{
    private const int MaxLines = 400;

    private static readonly string[] VagueNames = ["Utils", "Util", "Helpers", "Helper", "Manager", "Common", "Misc"];

    [Fact]
    public void Solution_ListsEveryProject()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Operator.sln")).Replace('\\', '/');
        var missing = new[] { "src", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(
                Path.Combine(Repository.Root, folder), "*.csproj", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Repository.Root, path))
            .Where(path => !solution.Contains(path, StringComparison.Ordinal));

        missing.ShouldBeEmpty();
    }

    [Fact]
    public void SourceFiles_AreShort()
    {
        var offenders = Repository.SourceFiles("src")
            .Select(file => (file.Path, Lines: file.Text.Count(c => c == '\n')))
            .Where(file => file.Lines > MaxLines);

        offenders.ShouldBeEmpty();
    }

    [Fact]
    public void SourceFiles_HaveNoVagueNames()
    {
        var offenders = Repository.SourceFiles("src")
            .Select(file => file.Path)
            .Where(path => path.Split('/').Any(part => VagueNames.Any(vague =>
                Path.GetFileNameWithoutExtension(part).EndsWith(vague, StringComparison.Ordinal))));

        offenders.ShouldBeEmpty();
    }

    [Fact]
    public void Source_LogsOnlyByGeneratedMethods()
    {
        string[] direct = [".LogInformation(", ".LogWarning(", ".LogError(", ".LogDebug(", ".LogCritical(", ".LogTrace("];
        var offenders =
            from file in Repository.SourceFiles("src")
            from call in direct
            where file.Text.Contains(call, StringComparison.Ordinal)
            select $"{file.Path}: {call}";

        offenders.ShouldBeEmpty();
    }
}
