using System.Diagnostics;

namespace Mooring.EndToEnd.Tests;

/// <summary>The client asks all for an address, over and over, by ARP or neighbour discovery.</summary>
internal sealed class Questioner : IDisposable
{
    private readonly Process _process;

    public Questioner(SandboxCluster cluster, string address)
    {
        _process = address.Contains(':', StringComparison.Ordinal)
            ? cluster.StartIn("client", "sh", "-c", $"while true; do ndisc6 -q -1 -r 1 -w 30 {address} eth0; sleep 0.02; done")
            : cluster.StartIn("client", "arping", "-q", "-W", "0.03", "-c", "100000", "-i", "eth0", address);
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
