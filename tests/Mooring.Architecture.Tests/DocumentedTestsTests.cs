using System.Text.RegularExpressions;

namespace Mooring.Architecture.Tests;

/// <summary>Pages that name a test as the proof of a claim name one that there is.</summary>
public sealed partial class DocumentedTestsTests
{
    /// <summary>Classes whose tests are each a scenario of docs/conformance.md.</summary>
    private static readonly string[] Scenarios =
    [
        "Mooring.Controller.Tests/Integration/LoadBalancerTests.cs",
        "Mooring.EndToEnd.Tests/LoadBalancerTests.cs",
        "Mooring.EndToEnd.Tests/ServiceFieldTests.cs",
    ];

    [Fact]
    public void Pages_TestsTheyName_Exist()
    {
        var present = Repository.SourceFiles("tests")
            .SelectMany(file => Methods().Matches(file.Text)).Select(match => match.Groups["name"].Value).ToHashSet();
        var named = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .SelectMany(page => Names().Matches(File.ReadAllText(page)).Select(match => (Page: Path.GetFileName(page), Test: match.Groups["name"].Value)))
            .ToList();

        named.Count.ShouldBeGreaterThan(40);
        named.Where(one => !present.Contains(one.Test)).ShouldBeEmpty();
    }

    [Fact]
    public void ConformancePage_ScenariosOfServices_AreAllThere()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/conformance.md"));

        var tests = Scenarios
            .SelectMany(file => Methods().Matches(File.ReadAllText(Path.Combine(Repository.Root, "tests", file)))).Select(match => match.Groups["name"].Value).Distinct();

        tests.Where(test => !page.Contains($"`{test}`", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [GeneratedRegex(@"^    public (?:async Task|Task|void) (?<name>[A-Z]\w*_\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Methods();

    /// <summary><c>Method_Condition_Result</c>, with or without its class; not <c>NET_ADMIN</c>.</summary>
    [GeneratedRegex(@"`(?:\w+\.)?(?<name>[A-Z][a-z]\w*_[A-Z]\w*_[A-Z]\w*)`")]
    private static partial Regex Names();
}
