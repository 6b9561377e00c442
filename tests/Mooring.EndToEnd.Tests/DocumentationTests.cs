using System.Diagnostics;
using System.Text;

namespace Mooring.EndToEnd.Tests;

/// <summary>What the documentation tells people to type works, line by line.</summary>
public sealed class DocumentationTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    [Fact]
    public async Task Quickstart_EveryCommand_Works()
    {
        var root = Path.GetFullPath(SandboxCluster.Manifest("../.."));
        var name = $"{Cluster.Name}q";
        var script = new StringBuilder("set -euo pipefail\n")
            // The programs are built, or this test would not run.
            .AppendLine("dotnet() { [[ $1 == build ]] || command dotnet \"$@\"; }")
            .AppendLine("trap 'mooring-sandbox down >/dev/null 2>&1 || true' EXIT");
        foreach (var line in Commands(await File.ReadAllTextAsync(
            Path.Combine(root, "docs/quickstart.md"), TestContext.Current.CancellationToken)))
        {
            script.AppendLine($"echo '$ {line.Replace("'", "'\\''", StringComparison.Ordinal)}'").AppendLine(line);
        }

        var start = new ProcessStartInfo("bash", ["-c", "exec 2>&1; source /dev/stdin"])
        {
            WorkingDirectory = root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["MOORING_SANDBOX"] = name;
        start.Environment["CONFIGURATION"] = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')));
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(script);
        process.StandardInput.Close();
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        process.ExitCode.ShouldBe(0, said);
        said.ShouldContain("service/shop condition met");
        said.ShouldContain("virtualip.mooring.dev/web condition met");
        said.ShouldContain("holds no address");
    }

    /// <summary>The lines of the page's shell blocks.</summary>
    private static IEnumerable<string> Commands(string page)
    {
        var inside = false;
        foreach (var line in page.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inside = line == "```sh";
            }
            else if (inside && line.Length > 0)
            {
                yield return line;
            }
        }
    }
}
