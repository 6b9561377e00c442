using System.Text.RegularExpressions;

namespace Mooring.Sandbox.Tests.KubeApi.Kubectl;

/// <summary>What README.md tells people to type and to apply works; the end-to-end tests run its demo.</summary>
public sealed partial class ReadmeTests(KubectlServer server) : IClassFixture<KubectlServer>
{
    private static readonly string Page = File.ReadAllText(Path.Combine(KubeTools.Repository, "README.md"));

    [Fact]
    public async Task Readme_InstallCommandsAndExample_Work()
    {
        var install = Command("helm install");
        var apply = Command("kubectl apply -f manifests/install.yaml");
        var example = YamlBlock().Match(Page).Groups["yaml"].Value;

        var output = await server.RunAsync($$"""
            cd '{{KubeTools.Repository}}'
            {{install}} && echo helm installed
            helm uninstall mooring -n mooring-system
            {{apply}} && echo applied
            kubectl wait --for=condition=Established crd/virtualips.mooring.dev crd/backendpools.mooring.dev --timeout=20s
            kubectl apply --validate=strict -f - <<'END' && echo example applied
            {{example}}
            END
            {{Command("kubectl get vip")}}
            {{Command("kubectl describe vip web")}}
            """);

        output.ShouldContain("helm installed");
        output.ShouldContain("\napplied");
        output.ShouldContain("example applied");
        Regex.Replace(output, " +", " ").ShouldContain(Regex.Replace(Columns().Match(Page).Value, " +", " "));
        output.ShouldContain("10.70.0.100", customMessage: "as described");
    }

    /// <summary>A command as the page has it, without what explains it.</summary>
    private static string Command(string beginning)
    {
        var found = Regex.Match(Page, $@"(?:^|\$ |`){Regex.Escape(beginning)}[^\n`#]*", RegexOptions.Multiline, TimeSpan.FromSeconds(5));
        found.Success.ShouldBeTrue($"README.md has a command {beginning}");
        return found.Value.TrimStart('$', '`', ' ').TrimEnd();
    }

    [GeneratedRegex("^```yaml\n(?<yaml>.*?)\n```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex YamlBlock();

    [GeneratedRegex("^NAME +ADDRESS.*AGE", RegexOptions.Multiline)]
    private static partial Regex Columns();
}
