using Mooring.Api.V1Alpha1;
using Mooring.Controller.Allocation;
using Mooring.Controller.Validation;

namespace Mooring.Controller.Reporting;

/// <summary>The status of an AddressPool. Pure.</summary>
internal static class AddressPoolStatusComputation
{
    private const int MaxListed = 10;

    public static AddressPoolStatus Compute(AddressPoolEvaluation pool, AddressPoolStatus? previous, DateTime now)
    {
        var settings = pool.Settings;
        var generation = settings.Resource.Metadata.Generation;
        var accepted = settings.Findings.IsEmpty;
        var conditions = new Conditions(previous?.Conditions, generation, now);
        conditions.Set(
            ConditionTypes.Accepted,
            accepted,
            accepted ? Reasons.Accepted : settings.Findings[0].Reason,
            accepted ? "the spec is valid and overlaps no other" : string.Join("; ", settings.Findings));
        if (!accepted)
        {
            return new AddressPoolStatus
            {
                Assigned = pool.Assigned,
                Available = 0,
                ObservedGeneration = generation,
                Conditions = conditions.All,
            };
        }

        var occupied = pool.Occupied.IsEmpty
            ? ""
            : $"; left out because other machines use them: {string.Join(", ", pool.Occupied.Take(MaxListed))}{More(pool.Occupied.Length)}";
        conditions.Set(
            ConditionTypes.AddressesAvailable,
            pool.Available > 0,
            pool.Available > 0 ? Reasons.AddressesFree : Reasons.AddressPoolExhausted,
            (pool.Available > 0 ? $"{pool.Available} of {settings.Pool.Usable} addresses are free" : "no address is free; add a range")
            + occupied);
        conditions.Set(
            ConditionTypes.CoversClaims,
            pool.Outside.IsEmpty,
            pool.Outside.IsEmpty ? Reasons.EveryAddressInRange : Reasons.AddressesOutsideRange,
            pool.Outside.IsEmpty
                ? "every address that was taken from the pool is in its ranges"
                : $"in use and no longer in the ranges: {string.Join(", ", pool.Outside.Take(MaxListed))}{More(pool.Outside.Length)}; "
                    + "they stay with those that have them (kubectl get addressclaims); delete these, or add the range again");
        return new AddressPoolStatus
        {
            Total = Number(settings.Pool.Usable),
            Assigned = pool.Assigned,
            Available = Number(pool.Available),
            ObservedGeneration = generation,
            Conditions = conditions.All,
        };
    }

    private static string More(int count) => count > MaxListed ? $" and {count - MaxListed} more" : "";

    private static long Number(UInt128 count) => count > long.MaxValue ? long.MaxValue : (long)count;
}
