namespace Mooring.Core.Allocation;

/// <summary>Why nothing was given.</summary>
public enum AllocationRefusal
{
    UnknownPool,

    /// <summary>The pool has no address of the family, free or not.</summary>
    NoAddressOfFamily,
    PoolExhausted,

    /// <summary>The address that was asked for is not in the pool.</summary>
    AddressNotInPool,

    /// <summary>Another has the address that was asked for.</summary>
    AddressTaken,
}
