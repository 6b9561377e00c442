using System.Net;
using Mooring.Core.Balancing;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.Tests.DataPlane;

public sealed partial class DirectForwardingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Apply_PodFailsBeforeItAnswers_SameConnectSucceedsElsewhere(int holder)
    {
        await PoolAsync(1, 2);
        await HoldAsync(holder);
        var source = SourceOf(2);
        _lab.Run("n2", "ip", "neigh replace 10.71.2.2 lladdr 02:00:00:00:00:99 dev pod nud permanent");
        try
        {
            var connecting = _lab.ConnectAsync(sourcePort: source.Port);
            await Eventually.HoldsAsync(() => AwaitsAnswer(source), "the pod's node tracks the SYN");

            await ApplyAsync(_ => true, _ => DirectLab.PodOf(2));

            using var connection = await connecting;
            (await DirectLab.ReadAsync(connection)).ShouldStartWith("p1 ");
            await Engine(2).FlowsCut;
            AwaitsAnswer(source).ShouldBeFalse();
        }
        finally
        {
            _lab.Run("n2", "ip", "neigh del 10.71.2.2 dev pod");
        }
    }

    /// <summary>Where the client's flow comes from when its slot is of the node.</summary>
    private IPEndPoint SourceOf(int node)
    {
        var client = IPAddress.Parse("10.70.0.200");
        var port = Enumerable.Range(21_000, 1000).First(
            port => _slotsV4!.OwnerOf(SlotHash.OfFlow(client, (ushort)port, _slotsV4.Size)).Node == DirectLab.NameOf(node));
        return new IPEndPoint(client, port);
    }

    private bool AwaitsAnswer(IPEndPoint client) => _lab.Node(2).Run(() =>
    {
        var found = false;
        using var conntrack = new ConntrackTable();
        conntrack.Read(flow => found |= flow.AwaitsAnswer && flow.OriginalSource.Equals(client) && flow.ReplySource.Equals(DirectLab.PodOf(2)));
        return found;
    });
}
