using System.Diagnostics;
using System.Net.NetworkInformation;
using Mooring.Linux.Namespaces;

namespace Mooring.Linux.Tests.Namespaces;

public sealed class NetworkNamespaceTests : IDisposable
{
    private readonly TestNamespaces _namespaces = new();

    private string Prefix => _namespaces.Base;

    public void Dispose() => _namespaces.Dispose();

    [Fact]
    public void Create_NewName_IsListedAndOpens()
    {
        using var created = NetworkNamespace.Create(Prefix + "a");

        NetworkNamespace.Exists(Prefix + "a").ShouldBeTrue();
        NetworkNamespace.List(Prefix).ShouldBe([Prefix + "a"]);
        using var opened = NetworkNamespace.Open(Prefix + "a");
        opened.Run(NamespaceId).ShouldBe(created.Run(NamespaceId));
    }

    [Fact]
    public void Create_TakenName_Throws()
    {
        using var created = NetworkNamespace.Create(Prefix + "a");

        Should.Throw<InvalidOperationException>(() => NetworkNamespace.Create(Prefix + "a"));
        NetworkNamespace.Exists(Prefix + "a").ShouldBeTrue();
    }

    [Fact]
    public void Run_InNamespace_LeavesTheCallerWhereItWas()
    {
        var before = NamespaceId();
        using var created = NetworkNamespace.Create(Prefix + "a");

        var inside = created.Run(NamespaceId);

        inside.ShouldNotBe(before);
        NamespaceId().ShouldBe(before);
        created.Run(() => NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name)).ShouldBe(["lo"]);
    }

    [Fact]
    public void Run_FunctionThrows_RethrowsTheSameException()
    {
        using var created = NetworkNamespace.Create(Prefix + "a");
        var thrown = new InvalidOperationException("inside");

        Should.Throw<InvalidOperationException>(() => created.Run(() => throw thrown)).ShouldBeSameAs(thrown);
    }

    [Fact]
    public async Task Run_StartsProcess_ProcessIsInsideAndIpKnowsTheName()
    {
        using var created = NetworkNamespace.Create(Prefix + "a");
        var start = new ProcessStartInfo("readlink", "/proc/self/ns/net")
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var direct = created.Run(() => Process.Start(start))!;
        (await direct.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim()
            .ShouldBe(created.Run(NamespaceId));

        using var viaIp = Process.Start(
            new ProcessStartInfo("ip", $"netns exec {Prefix}a readlink /proc/self/ns/net")
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            })!;
        (await viaIp.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim()
            .ShouldBe(created.Run(NamespaceId));
    }

    [Fact]
    public void Delete_CreatedHalfway_RemovesTheFile()
    {
        using (NetworkNamespace.Create(Prefix + "a"))
        {
        }

        File.WriteAllText("/run/netns/" + Prefix + "b", "");

        NetworkNamespace.Delete(Prefix + "b").ShouldBeTrue();
        NetworkNamespace.Delete(Prefix + "b").ShouldBeFalse();
        NetworkNamespace.Delete(Prefix + "a").ShouldBeTrue();
        NetworkNamespace.List(Prefix).ShouldBeEmpty();
    }

    [Fact]
    public void Open_UnknownName_NamesThePath()
        => Should.Throw<SystemCallException>(() => NetworkNamespace.Open(Prefix + "none"))
            .Message.ShouldBe($"open /run/netns/{Prefix}none: No such file or directory (errno 2)");

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    public void Open_BadName_Throws(string name)
        => Should.Throw<ArgumentException>(() => NetworkNamespace.Open(name));

    private static string NamespaceId() => new FileInfo("/proc/thread-self/ns/net").LinkTarget!;
}
