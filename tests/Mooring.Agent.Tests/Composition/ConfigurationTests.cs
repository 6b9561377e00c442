using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Mooring.Agent.Tests.Composition;

/// <summary>The agent as a program of its own, in a network namespace of its own, with the configuration file of the chart.</summary>
public sealed partial class ConfigurationTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();

    private string ConfigPath => _directory.File("config.yaml");

    [Fact]
    public async Task Run_ChangedFile_TakesEffectAndABadOneDoesNot()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root for a network namespace and nftables");
        await WriteAsync(OfTheChart());
        using var agent = Start();
        try
        {
            (await LineAsync(agent, "is in force")).ShouldStartWith("{", customMessage: "the chart has JSON");

            await WriteAsync("logLevel: Warning\nheartbeatPort: 8947\n");
            (await LineAsync(agent, "cannot be used")).ShouldContain("heartbeatPort: cannot change while the program runs");

            await WriteAsync("logFormat: console\n");
            (await LineAsync(agent, "is in force")).ShouldNotStartWith("{");
        }
        finally
        {
            agent.Kill(entireProcessTree: true);
            await agent.WaitForExitAsync(CancellationToken.None);
        }
    }

    public void Dispose() => _directory.Dispose();

    private static string OfTheChart()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("the tests run outside their repository");
        }

        return Config().Matches(File.ReadAllText(Path.Combine(folder.FullName, "manifests/install.yaml")))
            .Select(match => match.Groups["text"].Value.Replace("    ", "", StringComparison.Ordinal))
            .Single(text => !text.Contains("maxMoves", StringComparison.Ordinal));
    }

    private Process Start() => Process.Start(new ProcessStartInfo(
        "unshare",
        [
            "--net", "dotnet", Path.Combine(AppContext.BaseDirectory, "mooring-agent.dll"), "run", "--node-name=node-1",
            "--controller=https://127.0.0.1:1", $"--state-directory={_directory.Path}", "--config", ConfigPath,
        ])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
    })!;

    private static async Task<string> LineAsync(Process agent, string with)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        while (true)
        {
            var line = (await agent.StandardOutput.ReadLineAsync(limit.Token)).ShouldNotBeNull($"it ended without '{with}'");
            if (line.Contains(with, StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    /// <summary>Whole or not at all, as a kubelet does.</summary>
    private async Task WriteAsync(string text)
    {
        await File.WriteAllTextAsync($"{ConfigPath}.new", text, TestContext.Current.CancellationToken);
        File.Move($"{ConfigPath}.new", ConfigPath, overwrite: true);
    }

    [GeneratedRegex(@"^  config\.yaml: \|\n(?<text>(?:    .*\n)+)", RegexOptions.Multiline)]
    private static partial Regex Config();
}
