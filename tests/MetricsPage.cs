using System.Text.RegularExpressions;
using Mooring.Telemetry;

namespace Mooring;

/// <summary>The lists in docs/metrics.md, for the tests of both programs.</summary>
internal static class MetricsPage
{
    public static void ShouldList(string program, IReadOnlyList<MetricDescription> metrics)
    {
        foreach (var metric in metrics)
        {
            metric.Name.ShouldMatch("^[a-z][a-z0-9_]*$");
            metric.Help.ShouldNotBeEmpty(metric.Name);
            metric.Name.EndsWith("_total", StringComparison.Ordinal).ShouldBe(metric.Kind == "counter", metric.Name);
        }

        var rows = metrics.Select(metric => $"| `{metric.Name}` | {metric.Kind} | {metric.Help.TrimEnd('.')} |");
        var table = $"<!-- {program} -->\n| name | kind | |\n|---|---|---|\n{string.Join('\n', rows)}\n";
        var file = Path.Combine(FindRoot(), "docs/metrics.md");
        var page = File.ReadAllText(file);
        var listed = Regex.Match(page, $"<!-- {program} -->\n(\\|.*\n)*", RegexOptions.None, TimeSpan.FromSeconds(5));
        if (Environment.GetEnvironmentVariable("MOORING_UPDATE") == "1")
        {
            File.WriteAllText(file, page.Replace(listed.Value, table, StringComparison.Ordinal));
            return;
        }

        listed.Value.ShouldBe(table, "run this test with MOORING_UPDATE=1 after a change of metrics");
    }

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
