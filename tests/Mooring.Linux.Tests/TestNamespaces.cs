using System.Diagnostics;
using Mooring.Linux.Namespaces;

namespace Mooring.Linux.Tests;

/// <summary>
/// Network namespaces of one test, removed with it. Names carry the process id, so that two runs on one machine do
/// not meet, and namespaces of a run that was killed are removed by the next one.
/// </summary>
internal sealed class TestNamespaces : IDisposable
{
    private const string Prefix = "mr-spk-";
    private static int s_count;

    private readonly List<NetworkNamespace> _opened = [];

    public TestNamespaces()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: creates network namespaces and packet sockets");
        foreach (var name in NetworkNamespace.List(Prefix))
        {
            var parts = name.Split('-');
            if (parts.Length > 2 && int.TryParse(parts[2], out var pid) && !Directory.Exists($"/proc/{pid}"))
            {
                NetworkNamespace.Delete(name);
            }
        }

        Base = $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}-";
    }

    /// <summary>How the names of this test begin.</summary>
    public string Base { get; }

    public NetworkNamespace Create(string suffix)
    {
        var created = NetworkNamespace.Create(Base + suffix);
        _opened.Add(created);
        Ip(created, "link set lo up");
        return created;
    }

    /// <summary>Joins two namespaces with a cable; the ends are up and have fixed MACs, so tests can name them.</summary>
    public static void Join(
        NetworkNamespace left, string leftDevice, string leftMac, NetworkNamespace right, string rightDevice, string rightMac)
    {
        Ip(left, $"link add {leftDevice} address {leftMac} type veth "
            + $"peer name {rightDevice} address {rightMac} netns {right.Name}");
        Ip(left, $"link set {leftDevice} up");
        Ip(right, $"link set {rightDevice} up");
    }

    public static void Ip(NetworkNamespace inside, string arguments) => Run("ip", $"-n {inside.Name} {arguments}");

    /// <summary>Runs a program inside the namespace and returns what it printed.</summary>
    public static string Exec(NetworkNamespace inside, string arguments)
        => Run("ip", $"netns exec {inside.Name} {arguments}");

    public void Dispose()
    {
        foreach (var opened in _opened)
        {
            opened.Dispose();
        }

        foreach (var name in NetworkNamespace.List(Base))
        {
            NetworkNamespace.Delete(name);
        }
    }

    private static string Run(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"{program} {arguments}: exit {process.ExitCode}: {output}{errors.GetAwaiter().GetResult()}");
    }
}
