using System.Net.Sockets;

namespace Mooring.Agent.Tests.DataPlane;

public sealed partial class DirectForwardingTests
{
    /// <summary>A client takes a port again while the node that gets the slot back still tracks the connection before.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Apply_SlotsReturnToANodeThatTracksClosedConnections_NewOnesOfTheSamePortsLive(int holder)
    {
        const int first = 23_000;
        const int count = 40;
        await PoolAsync(1, 2, 3);
        await HoldAsync(holder);
        TrackClosedFor(seconds: 120);
        try
        {
            foreach (var connection in await OpenFromAsync(first, count))
            {
                connection.Dispose();
            }

            await ApplyAsync(_ => true, _ => DirectLab.PodOf(1));
            var connections = await OpenFromAsync(first, count);
            await ApplyAsync(_ => true, _ => null);

            await ShouldLiveAsync(connections, "their pods were never unfit");
        }
        finally
        {
            TrackClosedFor(seconds: 10);
        }
    }

    private void TrackClosedFor(int seconds)
    {
        foreach (var node in Enumerable.Range(1, DirectLab.Nodes))
        {
            _lab.Run($"n{node}", "sysctl", $"-qw net.netfilter.nf_conntrack_tcp_timeout_close={seconds}");
        }
    }

    private async Task<List<Socket>> OpenFromAsync(int firstPort, int count)
    {
        var connections = new List<Socket>();
        for (var port = firstPort; port < firstPort + count; port++)
        {
            var connection = await _lab.ConnectAsync(sourcePort: port);
            (await DirectLab.ReadAsync(connection)).ShouldContain(" saw ");
            connections.Add(connection);
        }

        _opened.AddRange(connections);
        return connections;
    }
}
