using System.Diagnostics;

namespace Mooring.Sandbox.Tests.KubeApi.Kubectl;

/// <summary>The real kubectl and helm, found or fetched by <c>scripts/lib/kubectl.sh</c>.</summary>
internal static class KubeTools
{
    private static readonly Lazy<Task<string?>> Setup = new(FindAsync);

    public static string Repository { get; } = FindRepository();

    /// <summary>Runs a bash script with kubectl and helm on PATH; skips the test where they cannot be had.</summary>
    public static async Task<string> RunAsync(string script, string kubeconfig, string workingDirectory)
    {
        var path = await Setup.Value;
        Assert.SkipUnless(path is not null, "needs kubectl 1.33+ and helm 4, on PATH or from the npm registry");
        var (code, output) = await BashAsync($"set -uo pipefail\n{script}", workingDirectory, new()
        {
            ["PATH"] = path,
            ["KUBECONFIG"] = kubeconfig,
            ["KUBECACHEDIR"] = Path.Combine(workingDirectory, "cache"),
            ["HELM_CACHE_HOME"] = Path.Combine(workingDirectory, "helm"),
        });
        code.ShouldBe(0, output);
        return output;
    }

    private static async Task<string?> FindAsync()
    {
        var (code, output) = await BashAsync("source scripts/lib/kubectl.sh >/dev/null && echo \"PATH:$PATH\"", Repository, []);
        var line = output.Split('\n').FirstOrDefault(l => l.StartsWith("PATH:", StringComparison.Ordinal));
        return code == 0 ? line?["PATH:".Length..] : null;
    }

    private static async Task<(int Code, string Output)> BashAsync(string script, string directory, Dictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo("bash", ["-c", $"exec 2>&1\n{script}"]) { WorkingDirectory = directory, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Operator.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("the tests run outside the repository");
        }

        return directory.FullName;
    }
}
