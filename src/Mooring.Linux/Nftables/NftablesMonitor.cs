using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Text;
using Mooring.Linux.Netlink;

namespace Mooring.Linux.Nftables;

/// <summary>
/// Tells when somebody else changes tables of ours. Every transaction of anybody ends with a new generation number
/// (NFT_MSG_NEWGEN), and what it changed is notified with the name of the table before that. Belongs to the network
/// namespace of the thread that opens it. Needs NET_ADMIN.
/// </summary>
/// <remarks>
/// A transaction of our own is put between <see cref="BeginOwn"/> and <see cref="EndOwn"/>: when the number grew by one,
/// it was ours alone.
/// </remarks>
public sealed class NftablesMonitor : IDisposable
{
    private const int GetGeneration = (NetlinkConstants.SubsystemNftables << 8) | 16; // NFT_MSG_GETGEN
    private const int NewGeneration = (NetlinkConstants.SubsystemNftables << 8) | 15; // NFT_MSG_NEWGEN
    private const int BufferBytes = 8 * 1024 * 1024;
    private const int HeaderLength = 4; // nfgenmsg
    private const int GenerationId = 1; // NFTA_GEN_ID
    private const int GenerationProcess = 3; // NFTA_GEN_PROC_NAME
    private const int TableName = 1; // NFTA_*_TABLE, of every kind of object
    private const string Somebody = "another program";

    private readonly FrozenSet<string> _tables;
    private readonly NetlinkSocket _notifications;
    private readonly NetlinkSocket _requests;

    /// <summary>Tables in the notifications of a transaction that has not ended yet.</summary>
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);

    /// <summary>By table, the program that changed it last.</summary>
    private Dictionary<string, string> _culprits = new(StringComparer.Ordinal);

    private uint _before;
    private bool _quiet;

    private NftablesMonitor(IEnumerable<string> tables, NetlinkSocket notifications, NetlinkSocket requests)
    {
        _tables = tables.ToFrozenSet(StringComparer.Ordinal);
        _notifications = notifications;
        _requests = requests;
    }

    /// <param name="tables">Names of our tables, of whatever family.</param>
    public static NftablesMonitor Open(IEnumerable<string> tables) => Open(tables, BufferBytes);

    internal static NftablesMonitor Open(IEnumerable<string> tables, int bufferBytes)
    {
        var notifications = NetlinkSocket.Open(NetlinkConstants.ProtocolNetfilter);
        try
        {
            notifications.SetReceiveBuffer(bufferBytes);
            notifications.Join(NetlinkConstants.GroupNftables);
            return new NftablesMonitor(tables, notifications, NetlinkSocket.Open(NetlinkConstants.ProtocolNetfilter));
        }
        catch
        {
            notifications.Dispose();
            throw;
        }
    }

    /// <summary>Waits until something was changed by anybody, in any table.</summary>
    public Task WaitForChangeAsync(CancellationToken cancellationToken) => _notifications.WaitReadableAsync(cancellationToken);

    /// <summary>Who changed one of our tables since the last call: the name of a program, or null for nobody.</summary>
    public string? TakeForeignChange(string table)
    {
        Drain();
        _culprits.Remove(table, out var culprit);
        return culprit;
    }

    /// <param name="large">The transaction is large: it need not be notified to us.</param>
    public void BeginOwn(bool large)
    {
        Drain();
        _before = Generation();
        if (large)
        {
            _notifications.Leave(NetlinkConstants.GroupNftables);
            _quiet = true;
        }
    }

    public void EndOwn()
    {
        if (_quiet)
        {
            _notifications.Join(NetlinkConstants.GroupNftables);
            _quiet = false;
        }

        var grown = Generation() - _before;
        var known = new Dictionary<string, string>(_culprits, StringComparer.Ordinal);
        Drain();
        if (grown <= 1)
        {
            _culprits = known;
        }
        else
        {
            // Somebody else's came between; which of them it was cannot be told.
            SuspectAll();
        }
    }

    public void Dispose()
    {
        _notifications.Dispose();
        _requests.Dispose();
    }

    private uint Generation()
    {
        uint generation = 0;
        _requests.Get(
            new NetlinkRequest(GetGeneration, 0, new byte[HeaderLength], "ask for the generation of nftables"),
            message =>
            {
                if (message.Type == NewGeneration)
                {
                    generation = Read(message.Body).Id;
                }
            });
        return generation;
    }

    private void Drain()
    {
        if (!_notifications.Drain(Take))
        {
            SuspectAll();
        }
    }

    private void SuspectAll()
    {
        foreach (var table in _tables)
        {
            _culprits.TryAdd(table, Somebody);
        }
    }

    private void Take(NetlinkMessage message)
    {
        if (message.Type == NewGeneration)
        {
            foreach (var table in _touched)
            {
                _culprits[table] = Read(message.Body).Process;
            }

            _touched.Clear();
        }
        else if (message.Type >> 8 == NetlinkConstants.SubsystemNftables && message.Body.Length > HeaderLength)
        {
            var attributes = new NetlinkAttributeReader(message.Body[HeaderLength..]);
            while (attributes.TryRead(out var type, out var value))
            {
                if (type == TableName)
                {
                    var table = Encoding.ASCII.GetString(value).TrimEnd('\0');
                    if (_tables.Contains(table))
                    {
                        _touched.Add(table);
                    }

                    return;
                }
            }
        }
    }

    private static (uint Id, string Process) Read(ReadOnlySpan<byte> body)
    {
        uint id = 0;
        var process = Somebody;
        var attributes = new NetlinkAttributeReader(body[Math.Min(HeaderLength, body.Length)..]);
        while (attributes.TryRead(out var type, out var value))
        {
            if (type == GenerationId && value.Length >= sizeof(uint))
            {
                id = BinaryPrimitives.ReadUInt32BigEndian(value);
            }
            else if (type == GenerationProcess)
            {
                process = Encoding.UTF8.GetString(value).TrimEnd('\0');
            }
        }

        return (id, process);
    }
}
