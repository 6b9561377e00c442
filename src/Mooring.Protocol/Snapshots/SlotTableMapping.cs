using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>Slots between wire and Core. Two bytes a slot, little-endian as every machine the agent runs on.</summary>
internal static class SlotTableMapping
{
    public static Proto.SlotTable ToProto(SlotAssignment slots)
    {
        var result = new Proto.SlotTable
        {
            Family = WireEnums.ToProto(WireEnums.Families, slots.Family),
            Generation = slots.Generation,
            Owners = ByteString.CopyFrom(MemoryMarshal.AsBytes(slots.Owners.AsSpan())),
        };
        result.Previous.AddRange(slots.Previous.Select(one => ByteString.CopyFrom(MemoryMarshal.AsBytes(one.AsSpan()))));
        result.Members.AddRange(slots.Members.Select(member => new Proto.SlotMember
        {
            Address = member.EndPoint.Address.ToString(),
            Port = (uint)member.EndPoint.Port,
            NodeName = member.Node ?? "",
        }));
        result.PreviousNodes.AddRange(slots.PreviousNodes);
        return result;
    }

    public static ImmutableArray<SlotAssignment> Read(IReadOnlyList<Proto.SlotTable> tables, ObjectReader reader)
    {
        if (!reader.Count("slot_tables", tables.Count, WireEnums.Families.Count))
        {
            return [];
        }

        var result = ImmutableArray.CreateBuilder<SlotAssignment>(tables.Count);
        for (var i = 0; i < tables.Count; i++)
        {
            var slots = Read(tables[i], $"slot_tables[{i}]", reader);
            if (result.Any(other => other.Family == slots.Family))
            {
                reader.Refuse($"slot_tables[{i}].family", $"'{tables[i].Family}' is there twice");
            }

            result.Add(slots);
        }

        return result.ToImmutable();
    }

    private static SlotAssignment Read(Proto.SlotTable table, string field, ObjectReader reader)
    {
        var family = reader.Enumeration($"{field}.family", table.Family, WireEnums.Families);
        var members = ImmutableArray.CreateBuilder<SlotMember>(table.Members.Count);
        reader.Number($"{field}.members", table.Members.Count, 1, ushort.MaxValue);
        for (var i = 0; i < table.Members.Count; i++)
        {
            var member = table.Members[i];
            var port = reader.Port($"{field}.members[{i}].port", member.Port);
            if (!reader.TryAddress($"{field}.members[{i}].address", member.Address, out var address))
            {
                continue;
            }

            var endPoint = new IPEndPoint(address, port);
            if (address.AddressFamily != family)
            {
                reader.Refuse($"{field}.members[{i}].address", $"{address} is not of the table's family");
            }

            members.Add(new SlotMember(
                endPoint,
                member.NodeName.Length == 0 ? null : reader.Name($"{field}.members[{i}].node_name", member.NodeName)));
        }

        var owners = Slots(table.Owners);
        if (table.Owners.Length % 2 != 0 || !BitOperations.IsPow2(owners.Length) || owners.Length > SlotAssignment.MaxSlots)
        {
            reader.Refuse($"{field}.owners", $"has {table.Owners.Length} bytes, not two for each of 1 to 65536 slots, a power of two");
        }

        if (owners.Any(owner => owner >= table.Members.Count))
        {
            reader.Refuse($"{field}.owners", "names a member that is not there");
        }

        for (var i = 0; i < table.PreviousNodes.Count; i++)
        {
            reader.Name($"{field}.previous_nodes[{i}]", table.PreviousNodes[i]);
        }

        reader.Count($"{field}.previous", table.Previous.Count, SlotAssignment.MaxHistory);
        var previous = table.Previous.Select(Slots).ToImmutableArray();
        for (var i = 0; i < previous.Length; i++)
        {
            if (table.Previous[i].Length != table.Owners.Length)
            {
                reader.Refuse($"{field}.previous[{i}]", $"has {table.Previous[i].Length} bytes, not {table.Owners.Length} as owners");
            }

            if (previous[i].Any(node => node > table.PreviousNodes.Count))
            {
                reader.Refuse($"{field}.previous[{i}]", "names a node that is not there");
            }
        }

        return new SlotAssignment
        {
            Family = family,
            Generation = table.Generation,
            Members = members.ToImmutable(),
            Owners = owners,
            PreviousNodes = [.. table.PreviousNodes],
            Previous = previous,
        };
    }

    private static ImmutableArray<ushort> Slots(ByteString bytes) => [.. MemoryMarshal.Cast<byte, ushort>(bytes.Span)];
}
