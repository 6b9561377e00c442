using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>
/// Slots of sparse tables between wire and Core. A backend set has its endpoints already, so they are named only where an agent
/// reports what it works by.
/// </summary>
internal static class SparseTableMapping
{
    public static Proto.SparseTable ToProto(SparseAssignment sparse) => new()
    {
        Family = WireEnums.ToProto(WireEnums.Families, sparse.Family),
        Size = (uint)sparse.Size,
        Slots = ByteString.CopyFrom(MemoryMarshal.AsBytes(sparse.Places.AsSpan())),
    };

    public static Proto.SparseTable ToReport(SparseAssignment sparse)
    {
        var report = ToProto(sparse);
        report.Members.AddRange(sparse.EndPoints.Select(endPoint => new Proto.SlotMember
        {
            Address = endPoint.Address.ToString(),
            Port = (uint)endPoint.Port,
        }));
        return report;
    }

    /// <param name="tables">Of a set, or of a report about it.</param>
    /// <param name="backends">Of the set; null for a report.</param>
    public static ImmutableArray<SparseAssignment> Read(
        IReadOnlyList<Proto.SparseTable> tables, ImmutableArray<Backend>? backends, ObjectReader reader)
    {
        if (!reader.Count("sparse_tables", tables.Count, WireEnums.Families.Count))
        {
            return [];
        }

        var result = ImmutableArray.CreateBuilder<SparseAssignment>(tables.Count);
        for (var i = 0; i < tables.Count; i++)
        {
            var field = $"sparse_tables[{i}]";
            var family = reader.Enumeration($"{field}.family", tables[i].Family, WireEnums.Families);
            var endPoints = backends is { } all
                ? SparsePlaces.EndPoints(all, family)
                : ReadMembers(tables[i], field, reader);
            var places = ImmutableArray.Create(MemoryMarshal.Cast<byte, ushort>(tables[i].Slots.Span));
            var size = reader.Number($"{field}.size", tables[i].Size, 1, SparseTable.Largest);
            if (!BitOperations.IsPow2(size))
            {
                reader.Refuse($"{field}.size", $"{size} is no power of two");
            }

            if (tables[i].Slots.Length != endPoints.Length * 2 || places.Any(place => place >= size) || places.Distinct().Count() != places.Length)
            {
                reader.Refuse($"{field}.slots", $"does not have a slot of its own below {size} for each of {endPoints.Length} endpoints");
            }

            if (result.Any(other => other.Family == family))
            {
                reader.Refuse($"{field}.family", $"'{tables[i].Family}' is there twice");
            }

            result.Add(new SparseAssignment { Family = family, Size = size, EndPoints = endPoints, Places = places });
        }

        return result.ToImmutable();
    }

    private static ImmutableArray<IPEndPoint> ReadMembers(Proto.SparseTable table, string field, ObjectReader reader)
    {
        var result = ImmutableArray.CreateBuilder<IPEndPoint>(table.Members.Count);
        for (var i = 0; i < table.Members.Count; i++)
        {
            var port = reader.Port($"{field}.members[{i}].port", table.Members[i].Port);
            if (reader.TryAddress($"{field}.members[{i}].address", table.Members[i].Address, out var address))
            {
                result.Add(new IPEndPoint(address, port));
            }
        }

        return result.ToImmutable();
    }
}
