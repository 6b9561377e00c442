using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Interfaces;
using Mooring.Agent.Speaker;
using Mooring.Core.Snapshots;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Tests.Speaker;

/// <summary>A real machine on the wire: the kernel of the peer, which answers for its own addresses.</summary>
public sealed class AddressProberTests : IAsyncLifetime
{
    private readonly SpeakerLab _lab = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task Probe_AddressesUsedAndFree_TellsWhoAnswers()
    {
        var prober = new AddressProber(
            new FixedInterfaces { Current = _lab.Interfaces },
            new SpeakerSockets(
                (endPoint, filter) => _lab.Node.Run(() => PacketSocket.Open(endPoint, filter)),
                () => throw new NotSupportedException()),
            TimeProvider.System,
            NullLogger<AddressProber>.Instance);
        IPAddress[] asked =
        [
            IPAddress.Parse("10.70.0.1"), IPAddress.Parse("10.70.0.77"), IPAddress.Parse("fd00:70::1"),
            IPAddress.Parse("fd00:70::77"), IPAddress.Parse("192.0.2.1"),
        ];

        var found = await prober.ProbeAsync(asked, TestContext.Current.CancellationToken);

        found[asked[0]].ShouldNotBeNull();
        found[asked[1]].ShouldBeNull();
        found[asked[2]].ShouldBe(found[asked[0]]);
        found[asked[3]].ShouldBeNull();
        found[asked[4]].ShouldBeNull("it is in no subnet of the node");
    }

    private sealed class FixedInterfaces : INodeInterfaces
    {
        public required ImmutableArray<NodeInterface> Current { get; init; }

        public event EventHandler? Changed
        {
            add { }
            remove { }
        }
    }
}
