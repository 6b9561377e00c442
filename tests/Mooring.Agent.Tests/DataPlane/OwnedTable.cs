using Mooring.Linux.Namespaces;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>
/// A table that belongs to a netlink socket of somebody else (NFT_TABLE_F_OWNER): the kernel refuses every change of it by others with
/// EPERM until it is gone.
/// </summary>
internal sealed class OwnedTable : IDisposable
{
    private readonly string _table;
    private readonly NftablesContext _owner;

    public OwnedTable(NetworkNamespace place, string table)
    {
        _table = table;
        _owner = place.Run(() => new NftablesContext());
        _owner.Run($"add table {table} {{ flags owner; }}");
    }

    public void Dispose()
    {
        // The kernel does it when the socket is closed, of which a program that another test has started may have a copy.
        _owner.Run($"delete table {_table}");
        _owner.Dispose();
    }
}
