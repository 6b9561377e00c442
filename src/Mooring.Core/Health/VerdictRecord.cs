namespace Mooring.Core.Health;

/// <summary>What one node tells the others of one endpoint.</summary>
/// <param name="Endpoint">Number of the endpoint, <see cref="EndpointNumber"/>.</param>
/// <param name="Healthy">The verdict.</param>
/// <param name="Holder">The sender holds an address that leads to it.</param>
/// <param name="Gone">The sender does not check it any more: the verdict before is void.</param>
public readonly record struct VerdictRecord(ulong Endpoint, bool Healthy, bool Holder, bool Gone = false)
{
    /// <summary>Part of a digest: the digests of two sets are equal when the sets are.</summary>
    public ulong Digest
    {
        get
        {
            // The finalizer of MurmurHash3: endpoints that differ in one bit differ in half of them.
            var x = unchecked(Endpoint + ((Healthy ? 1UL : 2UL) * 0x9e3779b97f4a7c15) + (Holder ? 0x2545f4914f6cdd1dUL : 0UL));
            x = unchecked((x ^ (x >> 33)) * 0xff51afd7ed558ccd);
            x = unchecked((x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53);
            return x ^ (x >> 33);
        }
    }
}
