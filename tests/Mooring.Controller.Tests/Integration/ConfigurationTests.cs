using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using k8s.Models;

namespace Mooring.Controller.Tests.Integration;

/// <summary>The controller as a program of its own, with the configuration file of the chart.</summary>
public sealed partial class ConfigurationTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mooring-controller-");
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    private string ConfigPath => Path.Combine(_directory.FullName, "config.yaml");

    [Fact]
    public async Task Run_ChangedFile_TakesEffectWithoutARestart()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ApplyAsync("""
            apiVersion: mooring.dev/v1alpha1
            kind: AddressPool
            metadata: {name: public}
            spec: {addresses: [10.70.0.200-10.70.0.220], autoAssign: true}
            """);
        await cluster.CreateAsync(new V1Service
        {
            Metadata = new V1ObjectMeta { Name = "none", NamespaceProperty = "default" },
            Spec = new V1ServiceSpec
            {
                Type = "LoadBalancer",
                Selector = new Dictionary<string, string> { ["app"] = "web" },
                Ports = [new V1ServicePort { Name = "http", Port = 80 }],
            },
        });
        var config = OfTheChart();
        await WriteAsync(config);
        using var controller = Start(cluster.Kubeconfig);
        try
        {
            await LineAsync("is in force");
            await LineAsync("Leading");
            (await cluster.VipAsync("none")).ShouldBeNull();

            await WriteAsync(config.Replace("maxMoves: 10", "maxMoves: 0", StringComparison.Ordinal));
            (await LineAsync("cannot be used")).ShouldContain("maxMoves: set it from 1 to 1000");

            await WriteAsync(config.Replace("defaultLoadBalancer: false", "defaultLoadBalancer: true", StringComparison.Ordinal));
            (await LineAsync("is in force")).ShouldContain("defaultLoadBalancer: true");
            await Until.TrueAsync(async () => await cluster.VipAsync("none") is not null, () => "a VirtualIp of the Service without a class");
        }
        finally
        {
            controller.Kill();
            await controller.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task Run_BadFileAtStart_EndsWithTheFieldAndStatus2()
    {
        await WriteAsync("failbackDelay: soon\nlisten: x\n");
        using var controller = Start("/nonexistent");

        (await LineAsync(ConfigPath)).ShouldContain("listen: cannot change while the program runs");
        await controller.WaitForExitAsync(TestContext.Current.CancellationToken);
        controller.ExitCode.ShouldBe(2);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static string OfTheChart()
    {
        var manifests = File.ReadAllText(Path.Combine(TestCluster.Root(), "manifests/install.yaml"));
        return Config().Matches(manifests).Select(match => match.Groups["text"].Value.Replace("    ", "", StringComparison.Ordinal))
            .Single(text => text.Contains("maxMoves", StringComparison.Ordinal));
    }

    private Process Start(string kubeconfig)
    {
        var controller = new Process
        {
            StartInfo = new ProcessStartInfo(
                "dotnet",
                [
                    Path.Combine(AppContext.BaseDirectory, "mooring-controller.dll"), "run", "--kubeconfig", kubeconfig,
                    "--listen", "http://127.0.0.1:0", "--insecure", "--leader-elect", "false", "--config", ConfigPath,
                ])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        controller.OutputDataReceived += Take;
        controller.ErrorDataReceived += Take;
        controller.Start();
        controller.BeginOutputReadLine();
        controller.BeginErrorReadLine();
        return controller;
    }

    private void Take(object sender, DataReceivedEventArgs line) => _lines.Writer.TryWrite(line.Data ?? "");

    private async Task<string> LineAsync(string with)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (true)
        {
            var line = await _lines.Reader.ReadAsync(limit.Token);
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
