using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mooring.Telemetry.Tests;

/// <summary>The chart's alerts and dashboard ask for metrics that there are.</summary>
public sealed partial class ChartTests
{
    private static readonly string Root = FindRoot();

    [Theory]
    [InlineData("helm/mooring/files/alerts.yaml")]
    [InlineData("helm/mooring/files/dashboard.json")]
    public void File_MetricsItNames_AreListedInTheDocs(string file)
    {
        var listed = Listed().Matches(File.ReadAllText(Path.Combine(Root, "docs/metrics.md")))
            .Select(match => match.Groups["name"].Value).ToHashSet();

        var named = Named().Matches(File.ReadAllText(Path.Combine(Root, file))).Select(match => match.Value).Distinct().ToList();

        named.Count.ShouldBeGreaterThan(5);
        named.Select(name => name.EndsWith("_bucket", StringComparison.Ordinal) ? name[..^"_bucket".Length] : name)
            .Except(listed).ShouldBeEmpty();
    }

    [Fact]
    public async Task Alerts_CheckedByPromtool_AreGood()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/promtool"), "needs promtool of Debian's prometheus");
        using var promtool = Process.Start(
            new ProcessStartInfo("/usr/bin/promtool", ["check", "rules", Path.Combine(Root, "helm/mooring/files/alerts.yaml")])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            })!;
        var error = promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = await promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);

        promtool.ExitCode.ShouldBe(0, said + await error);
        said.ShouldContain("rules found");
    }

    [Fact]
    public void Dashboard_Panels_HaveNumbersOfTheirOwn()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "helm/mooring/files/dashboard.json")));

        dashboard.RootElement.GetProperty("panels").EnumerateArray().Select(panel => panel.GetProperty("id").GetInt32()).ShouldBeUnique();
    }

    [GeneratedRegex(@"^\| `(?<name>[a-z0-9_]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Listed();

    [GeneratedRegex(@"\b(?:mooring|process|dotnet)_[a-z0-9_]+")]
    private static partial Regex Named();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("the tests run outside their repository");
        }

        return folder.FullName;
    }
}
