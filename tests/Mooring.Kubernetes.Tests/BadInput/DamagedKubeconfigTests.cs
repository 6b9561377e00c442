using System.Text;
using k8s;
using k8s.Exceptions;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.BadInput;

/// <summary>Files that are no kubeconfig at all. What is wrong within one is told by KubeconfigTests.</summary>
public sealed class DamagedKubeconfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Build_BinaryFile_NamesTheFile()
    {
        var bytes = new byte[4096];
        new Random(7).NextBytes(bytes);

        Refuses(bytes).ShouldContain("is not");
    }

    [Fact]
    public void Build_JsonAnswerInItsPlace_NamesTheField() =>
        Refuses("""{"kind":"Status","apiVersion":"v1","code":404}"""u8.ToArray()).ShouldContain("current-context: is missing");

    [Fact]
    public void Build_HtmlPage_NamesTheFile() =>
        Refuses("<!DOCTYPE html><html><body>Please log in</body></html>"u8.ToArray()).ShouldContain("is not");

    [Fact]
    public void Build_Utf16_NamesTheFileOrReadsIt() =>
        Refuses([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("clusters: []\n")])
            .ShouldContain("current-context: is missing");

    [Fact]
    public void Build_CutInTheMiddle_NamesTheFile() =>
        Refuses("current-context: x\ncontexts:\n- name: x\n  context: {cluster: c, us"u8.ToArray()).ShouldContain("is not YAML: line");

    [Fact]
    public void Build_SeventeenMegabytes_IsNotRead() =>
        Refuses(new byte[17 << 20]).ShouldContain("has 17825792 bytes, which no kubeconfig has");

    [Fact]
    public void Build_AliasesOfAliases_AreNotWrittenOut()
    {
        var yaml = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 40; i++)
        {
            yaml.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        Refuses(Encoding.UTF8.GetBytes(yaml + "clusters: *a39\n")).ShouldContain("clusters[0]");
    }

    [Fact]
    public void Build_AliasToNothing_NamesTheFile() =>
        Refuses("clusters: *nothing\n"u8.ToArray()).ShouldContain("is not YAML: line 1");

    [Fact]
    public void Build_Directory_NamesIt() =>
        Should.Throw<KubeConfigException>(() => KubernetesClientConfiguration.BuildConfigFromConfigFile(_folder.Path))
            .Message.ShouldStartWith($"{_folder.Path}: cannot be read");

    private string Refuses(byte[] content)
    {
        var file = Path.Combine(_folder.Path, "config");
        File.WriteAllBytes(file, content);

        var fault = Should.Throw<KubeConfigException>(() => KubernetesClientConfiguration.BuildConfigFromConfigFile(file));

        fault.Message.ShouldStartWith($"{file}: ");
        return fault.Message;
    }
}
