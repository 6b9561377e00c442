using System.Collections.Immutable;

namespace Mooring.Core.DataPlane;

/// <summary>What is different between the services of two plans. Services that did not change are the same instances.</summary>
/// <param name="Removed">Of the first, without one of the same address, protocol and port in the second.</param>
/// <param name="Added">Of the second, and what was there before, or null.</param>
public sealed record ServiceChanges(
    IReadOnlyList<ForwardedService> Removed, IReadOnlyList<(ForwardedService? Before, ForwardedService Now)> Added)
{
    /// <summary>Walks both at once; a step costs a comparison of references where nothing changed.</summary>
    public static ServiceChanges Between(ImmutableArray<ForwardedService> before, ImmutableArray<ForwardedService> now)
    {
        var removed = new List<ForwardedService>();
        var added = new List<(ForwardedService?, ForwardedService)>();
        if (before == now)
        {
            return new ServiceChanges(removed, added);
        }

        var (i, j) = (0, 0);
        while (i < before.Length && j < now.Length)
        {
            if (ReferenceEquals(before[i], now[j]))
            {
                (i, j) = (i + 1, j + 1);
                continue;
            }

            var order = ServiceOrder.Instance.Compare(before[i], now[j]);
            if (order < 0)
            {
                removed.Add(before[i++]);
            }
            else
            {
                added.Add((order == 0 ? before[i++] : null, now[j++]));
            }
        }

        removed.AddRange(before.AsSpan()[i..]);
        for (; j < now.Length; j++)
        {
            added.Add((null, now[j]));
        }

        return new ServiceChanges(removed, added);
    }
}
