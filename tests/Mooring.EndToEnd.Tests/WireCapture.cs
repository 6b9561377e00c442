using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Mooring.EndToEnd.Tests;

/// <summary>What tcpdump sees of ARP and neighbour discovery somewhere in the sandbox, line by line.</summary>
internal sealed class WireCapture : IDisposable
{
    private readonly Process _tcpdump;
    private readonly ConcurrentQueue<Line> _lines = new();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WireCapture(Process tcpdump)
    {
        _tcpdump = tcpdump;
        tcpdump.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text && text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end)
            {
                _lines.Enqueue(new Line(
                    DateTimeOffset.UnixEpoch.AddSeconds(double.Parse(text.AsSpan(0, end), CultureInfo.InvariantCulture)),
                    text[(end + 1)..]));
            }
        };
        tcpdump.ErrorDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("listening on", StringComparison.Ordinal) == true)
            {
                _listening.TrySetResult();
            }
        };
        tcpdump.BeginOutputReadLine();
        tcpdump.BeginErrorReadLine();
    }

    public IEnumerable<Line> Lines => _lines;

    /// <param name="cluster">Where.</param>
    /// <param name="place">"client", "switch" or a node.</param>
    /// <param name="device">Interface there.</param>
    /// <param name="filter">As in pcap-filter(7).</param>
    public static async Task<WireCapture> StartAsync(SandboxCluster cluster, string place, string device, string filter)
    {
        var capture = new WireCapture(cluster.StartIn(
            place, "tcpdump", "-i", device, "-e", "-n", "-tt", "-l", "--immediate-mode", filter));
        await capture._listening.Task.WaitAsync(TimeSpan.FromMinutes(3));
        return capture;
    }

    public async Task<IReadOnlyList<Line>> StopAsync()
    {
        _tcpdump.Kill(entireProcessTree: true);
        await _tcpdump.WaitForExitAsync();
        return [.. _lines];
    }

    public void Dispose()
    {
        if (!_tcpdump.HasExited)
        {
            _tcpdump.Kill(entireProcessTree: true);
        }

        _tcpdump.Dispose();
    }

    /// <param name="At">When the kernel saw it.</param>
    /// <param name="Text">From the source MAC on.</param>
    internal sealed record Line(DateTimeOffset At, string Text)
    {
        public string Mac => Text[..17];

        /// <summary>Says where the address is: an ARP reply, an ARP request from it, or a neighbour advertisement.</summary>
        public bool SpeaksFor(string address) =>
            Text.Contains($"Reply {address} is-at", StringComparison.Ordinal)
            || Text.Contains($"tell {address},", StringComparison.Ordinal)
            || Text.Contains($"neighbor advertisement, tgt is {address},", StringComparison.Ordinal);

        /// <summary>Asks where the address is.</summary>
        public bool AsksFor(string address) =>
            (Text.Contains($"who-has {address} ", StringComparison.Ordinal) && !SpeaksFor(address))
            || Text.Contains($"neighbor solicitation, who has {address},", StringComparison.Ordinal);
    }
}
