using System.Collections.Frozen;
using System.Text;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>
/// Numbers of nodes for marks, routing tables and tunnel addresses, by name alone: the same after a restart, and without
/// anything to remember.
/// </summary>
internal static class NodeNumbers
{
    /// <summary>Number by node, from 1; of two names with the same hash the later one by name takes the next free number.</summary>
    public static FrozenDictionary<string, uint> Of(IEnumerable<string> nodes)
    {
        var taken = new HashSet<uint>();
        var numbers = new Dictionary<string, uint>(StringComparer.Ordinal);
        foreach (var node in nodes.Order(StringComparer.Ordinal))
        {
            var number = (Hash(node) % DirectMarks.MaxNode) + 1;
            while (!taken.Add(number))
            {
                number = (number % DirectMarks.MaxNode) + 1;
            }

            numbers.Add(node, number);
        }

        return numbers.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>FNV-1a, 32 bits.</summary>
    public static uint Hash(string node)
    {
        var hash = 0x811c9dc5u;
        foreach (var value in Encoding.UTF8.GetBytes(node))
        {
            hash = unchecked((hash ^ value) * 0x01000193);
        }

        return hash;
    }
}
