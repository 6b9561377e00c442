using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Mooring.Core.Snapshots;
using Mooring.Linux.Netlink;

namespace Mooring.Agent.Interfaces;

/// <summary>Interfaces as the kernel tells them through rtnetlink, changes within milliseconds.</summary>
/// <param name="only">Names of the interfaces to tell; empty for every one that can announce.</param>
internal sealed class NetlinkInterfaceSource(IReadOnlyList<string> only) : IInterfaceSource
{
    public async IAsyncEnumerable<ImmutableArray<NodeInterface>> WatchAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var monitor = NetworkInterfaceMonitor.Open();
        await foreach (var links in monitor.WatchAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return InterfaceSelection.Of(links, only);
        }
    }
}
