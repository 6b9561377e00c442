using System.Collections.Immutable;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Interfaces;

/// <summary>Tells the network interfaces of this node that can announce addresses.</summary>
internal interface IInterfaceSource
{
    /// <summary>The whole list, at once and again after every change.</summary>
    IAsyncEnumerable<ImmutableArray<NodeInterface>> WatchAsync(CancellationToken cancellationToken);
}
