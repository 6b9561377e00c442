using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using Google.Protobuf;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>Nodes and their interfaces between wire and Core.</summary>
public static class NodeMapping
{
    private const int MaxInterfaceNameLength = 15;
    private const int EthernetAddressLength = 6;
    private const int MaxAddressesPerInterface = 256;

    public static Proto.Node ToProto(NodePeer node)
    {
        var result = new Proto.Node { Name = node.Name, Away = node.Away };
        result.Interfaces.AddRange(node.Interfaces.Select(ToProto));
        return result;
    }

    public static Proto.NetworkInterface ToProto(NodeInterface networkInterface)
    {
        var result = new Proto.NetworkInterface
        {
            Name = networkInterface.Name,
            Index = networkInterface.Index,
            MacAddress = ByteString.CopyFrom(networkInterface.MacAddress.GetAddressBytes()),
            Up = networkInterface.Up,
            Mtu = networkInterface.Mtu,
        };
        result.Addresses.AddRange(networkInterface.Addresses.Select(own => $"{own.Address}/{own.Subnet.PrefixLength}"));
        return result;
    }

    /// <summary>Reads the interfaces an agent reports; what is wrong with them is put into <paramref name="problems"/>.</summary>
    public static ImmutableArray<NodeInterface> ToCore(
        string nodeName, IReadOnlyList<Proto.NetworkInterface> interfaces, out ImmutableArray<Proto.Problem> problems)
    {
        var list = new ProblemList();
        var result = ReadInterfaces(interfaces, new ObjectReader(nodeName, list));
        problems = list.ToImmutable();
        return problems.IsEmpty ? result : [];
    }

    internal static NodePeer Read(Proto.Node node, string field, ProblemList problems)
    {
        var reader = new ObjectReader(ObjectReader.Shorten(node.Name), problems);
        reader.Name($"{field}.name", node.Name);
        return new NodePeer { Name = node.Name, Interfaces = ReadInterfaces(node.Interfaces, reader), Away = node.Away };
    }

    private static ImmutableArray<NodeInterface> ReadInterfaces(
        IReadOnlyList<Proto.NetworkInterface> interfaces, ObjectReader reader)
    {
        if (!reader.Count("interfaces", interfaces.Count, SnapshotLimits.MaxInterfacesPerNode))
        {
            return [];
        }

        var names = new HashSet<string>();
        var result = ImmutableArray.CreateBuilder<NodeInterface>(interfaces.Count);
        for (var i = 0; i < interfaces.Count; i++)
        {
            var item = interfaces[i];
            var field = $"interfaces[{i}]";
            reader.Name($"{field}.name", item.Name);
            if (item.Name.Length > MaxInterfaceNameLength)
            {
                reader.Refuse($"{field}.name", $"is longer than the {MaxInterfaceNameLength} characters of an interface name");
            }
            else if (!names.Add(item.Name))
            {
                reader.Refuse($"{field}.name", $"'{item.Name}' is there twice");
            }

            if (item.MacAddress.Length != EthernetAddressLength)
            {
                reader.Refuse($"{field}.mac_address", $"has {item.MacAddress.Length} bytes, not {EthernetAddressLength}");
            }

            result.Add(new NodeInterface
            {
                Name = item.Name,
                Index = reader.Number($"{field}.index", item.Index, 1, int.MaxValue),
                MacAddress = new PhysicalAddress(item.MacAddress.ToByteArray()),
                Up = item.Up,
                Mtu = reader.Number($"{field}.mtu", item.Mtu, 68, 65_536),
                Addresses = ReadAddresses(item.Addresses, $"{field}.addresses", reader),
            });
        }

        return result.ToImmutable();
    }

    private static ImmutableArray<InterfaceAddress> ReadAddresses(
        IReadOnlyList<string> addresses, string field, ObjectReader reader)
    {
        if (!reader.Count(field, addresses.Count, MaxAddressesPerInterface))
        {
            return [];
        }

        var result = ImmutableArray.CreateBuilder<InterfaceAddress>(addresses.Count);
        for (var i = 0; i < addresses.Count; i++)
        {
            var text = addresses[i];
            var slash = text.IndexOf('/');
            if (slash < 0
                || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var prefix))
            {
                reader.Refuse($"{field}[{i}]", $"'{ObjectReader.Shorten(text)}' is not an address with a prefix length, such as 10.70.0.11/24");
            }
            else if (reader.TryAddress($"{field}[{i}]", text[..slash], out var address))
            {
                var bytes = address.GetAddressBytes();
                if (prefix > bytes.Length * 8)
                {
                    reader.Refuse($"{field}[{i}]", $"prefix length {prefix} is above {bytes.Length * 8}");
                    continue;
                }

                result.Add(new InterfaceAddress(address, new IPNetwork(Mask(bytes, prefix), prefix)));
            }
        }

        return result.ToImmutable();
    }

    private static IPAddress Mask(byte[] address, int prefix)
    {
        for (var bit = prefix; bit < address.Length * 8; bit++)
        {
            address[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(address);
    }
}
