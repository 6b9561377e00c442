using System.Net;
using Mooring.Core.DataPlane;

namespace Mooring.Agent.DataPlane;

/// <summary>An engine that programs the kernel. Calls come from one owner, one at a time.</summary>
internal interface IDataPlane : IAsyncDisposable
{
    /// <summary>What this node's kernel can do, and what is wrong with its settings.</summary>
    Task<DataPlaneProbe> ProbeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Brings the kernel to <paramref name="desired"/>. Idempotent; only the difference is sent; each service changes
    /// in one transaction. A service the kernel refuses is reported in the result and the others are applied.
    /// </summary>
    Task<ApplyResult> ApplyAsync(DataPlaneState desired, CancellationToken cancellationToken);

    /// <summary>Tells the engine whether this node answers for the address.</summary>
    Task SetHolderAsync(IPAddress address, bool held, CancellationToken cancellationToken);

    /// <summary>
    /// Compares the kernel with what was applied last and repairs what differs. Costs little when no other program has
    /// touched anything.
    /// </summary>
    Task<VerifyResult> VerifyAsync(CancellationToken cancellationToken);

    /// <summary>Completes when somebody has changed something in the kernel that may be ours. May be called beside the others.</summary>
    Task WaitForChangeAsync(CancellationToken cancellationToken);

    Task<IReadOnlyList<ServiceCounters>> CountersAsync(CancellationToken cancellationToken);
}
