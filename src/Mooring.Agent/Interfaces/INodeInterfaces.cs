using System.Collections.Immutable;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Interfaces;

/// <summary>The interfaces of this node that could announce addresses.</summary>
internal interface INodeInterfaces
{
    /// <summary>As they are now, by index; also those that are down.</summary>
    ImmutableArray<NodeInterface> Current { get; }

    /// <summary>Raised after <see cref="Current"/> changed, one call at a time. Handlers must not block.</summary>
    event EventHandler? Changed;
}
