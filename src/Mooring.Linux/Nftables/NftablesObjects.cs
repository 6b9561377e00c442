using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Mooring.Linux.Netlink;

namespace Mooring.Linux.Nftables;

/// <summary>
/// Reads what tables and chains there are by netlink itself. Whatever libnftables 1.0.6 is asked to list, it first reads every
/// element of every set of the namespace. Speaks to the network namespace of the thread that opens it.
/// </summary>
public sealed class NftablesObjects : IDisposable
{
    private const int HeaderLength = 4; // nfgenmsg
    private const byte CommentType = 0; // NFTNL_UDATA_TABLE_COMMENT

    private readonly NetlinkSocket _socket;

    private NftablesObjects(NetlinkSocket socket) => _socket = socket;

    /// <exception cref="SystemCallException">The kernel has no netlink for us.</exception>
    public static NftablesObjects Open() => new(NetlinkSocket.Open(NetlinkConstants.ProtocolNetfilter));

    /// <summary>The table; null when there is none of that name.</summary>
    /// <exception cref="NftablesException">The kernel refused.</exception>
    public NftablesTableInfo? Table(NftablesFamily family, string table)
    {
        NftablesTableInfo? found = null;
        Dump(NftablesConstants.GetTable, family, null, () => found = null, attributes =>
        {
            if (Text(Find(attributes, NftablesConstants.TableName)) == table)
            {
                var flags = Find(attributes, NftablesConstants.TableFlags);
                found = new NftablesTableInfo(
                    Comment(Find(attributes, NftablesConstants.TableUserData)),
                    flags.Length == sizeof(uint) && (BinaryPrimitives.ReadUInt32BigEndian(flags) & NftablesConstants.TableDormant) != 0);
            }
        });
        return found;
    }

    /// <summary>The rules of every chain of a table: by its name a text that differs when any of its rules does, "" without rules.</summary>
    /// <exception cref="NftablesException">The kernel refused.</exception>
    public IReadOnlyDictionary<string, string> Chains(NftablesFamily family, string table)
    {
        var chains = new Dictionary<string, List<byte[]>>(StringComparer.Ordinal);
        Dump(NftablesConstants.GetChain, family, null, chains.Clear, attributes =>
        {
            if (Text(Find(attributes, NftablesConstants.ChainTable)) == table)
            {
                chains[Text(Find(attributes, NftablesConstants.ChainName))] = [];
            }
        });
        Dump(NftablesConstants.GetRule, family, table, () => chains.Values.ToList().ForEach(rules => rules.Clear()), attributes =>
        {
            // Dumps of older kernels are not limited to the table.
            if (Text(Find(attributes, NftablesConstants.RuleTable)) == table
                && chains.TryGetValue(Text(Find(attributes, NftablesConstants.RuleChain)), out var rules))
            {
                rules.Add(SHA256.HashData(Find(attributes, NftablesConstants.RuleExpressions)));
            }
        });
        return chains.ToDictionary(
            pair => pair.Key,
            pair => pair.Value.Count == 0 ? "" : Convert.ToHexString(SHA256.HashData(pair.Value.SelectMany(rule => rule).ToArray())),
            StringComparer.Ordinal);
    }

    public void Dispose() => _socket.Dispose();

    private delegate void ObjectHandler(ReadOnlySpan<byte> attributes);

    private void Dump(ushort type, NftablesFamily family, string? table, Action reset, ObjectHandler handle)
    {
        var request = new NetlinkRequest(
            (ushort)((NetlinkConstants.SubsystemNftables << 8) | type), NetlinkConstants.Dump, [(byte)family, 0, 0, 0], "read nftables");
        if (table is not null)
        {
            request.Put(NftablesConstants.RuleTable, table);
        }

        try
        {
            _socket.Dump(request, reset, message => handle(message.Body[Math.Min(HeaderLength, message.Body.Length)..]));
        }
        catch (Exception exception) when (exception is SystemCallException or SocketException)
        {
            throw new NftablesException(exception.Message, request.What, (exception as SystemCallException)?.Errno);
        }
    }

    /// <summary>struct nftnl_udata: type and length, a byte each, then the value.</summary>
    private static string Comment(ReadOnlySpan<byte> userData)
    {
        while (userData.Length >= 2 && userData.Length >= 2 + userData[1])
        {
            if (userData[0] == CommentType)
            {
                return Text(userData.Slice(2, userData[1]));
            }

            userData = userData[(2 + userData[1])..];
        }

        return "";
    }

    private static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(value.TrimEnd((byte)0));

    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort wanted)
    {
        var reader = new NetlinkAttributeReader(attributes);
        while (reader.TryRead(out var type, out var value))
        {
            if (type == wanted)
            {
                return value;
            }
        }

        return default;
    }
}
