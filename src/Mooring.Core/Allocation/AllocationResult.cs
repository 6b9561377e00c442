using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Allocation;

/// <summary>All that was asked for, or nothing and why.</summary>
public abstract record AllocationResult
{
    private AllocationResult()
    {
    }

    /// <param name="Addresses">In the order they were asked for.</param>
    public sealed record Granted(ImmutableArray<IPAddress> Addresses) : AllocationResult;

    /// <param name="Reason">What is wrong.</param>
    /// <param name="Message">The same in words, with the fix.</param>
    public sealed record Refused(AllocationRefusal Reason, string Message) : AllocationResult;
}
