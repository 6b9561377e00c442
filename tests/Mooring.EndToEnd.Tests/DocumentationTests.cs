using System.Diagnostics;
using System.Text;

namespace Mooring.EndToEnd.Tests;

/// <summary>What the documentation tells people to type works, line by line.</summary>
public sealed class DocumentationTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    /// <summary>The programs are built, or these tests would not run.</summary>
    private const string WithoutBuilding = "dotnet() { [[ $1 == build ]] || command dotnet \"$@\"; }; export -f dotnet";

    private static readonly string Root = Path.GetFullPath(SandboxCluster.Manifest("../.."));

    [Fact]
    public async Task Quickstart_EveryCommand_Works()
    {
        var script = new StringBuilder("trap 'mooring-sandbox down >/dev/null 2>&1 || true' EXIT\n");
        foreach (var line in Commands(await File.ReadAllTextAsync(
            Path.Combine(Root, "docs/quickstart.md"), TestContext.Current.CancellationToken)))
        {
            script.AppendLine($"echo '$ {line.Replace("'", "'\\''", StringComparison.Ordinal)}'").AppendLine(line);
        }

        var said = await RunAsync(script.ToString());

        said.ShouldContain("service/shop condition met");
        said.ShouldContain("virtualip.mooring.dev/web condition met");
        said.ShouldContain("holds no address");
    }

    /// <summary>The first command of README.md. What it measures depends on the machine: only that it gets to its table counts here.</summary>
    [Fact]
    public async Task Readme_Demo_ShowsEachStep()
    {
        (await File.ReadAllTextAsync(Path.Combine(Root, "README.md"), TestContext.Current.CancellationToken)).ShouldContain("scripts/demo.sh");

        var said = await RunAsync("scripts/demo.sh || true");

        said.ShouldContain("WHAT THE CLIENT SAW");
        said.ShouldContain("cut cable of the holder");
        said.ShouldContain("after all of it");
    }

    private async Task<string> RunAsync(string script)
    {
        var start = new ProcessStartInfo("bash", ["-c", "exec 2>&1; source /dev/stdin"])
        {
            WorkingDirectory = Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["MOORING_SANDBOX"] = $"{Cluster.Name}q";
        start.Environment["CONFIGURATION"] = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')));
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync($"set -euo pipefail\n{WithoutBuilding}\n{script}");
        process.StandardInput.Close();
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, said);
        return said;
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
