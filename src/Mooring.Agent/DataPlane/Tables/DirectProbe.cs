using System.Net.NetworkInformation;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Linux;
using Mooring.Linux.Netlink;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>Finds out whether this node can forward directly, by doing it under another name.</summary>
internal static class DirectProbe
{
    private const string Scratch = "mooring-probe";
    private const uint Identifier = 7900;
    private static readonly string Remove = TableSchema.Remove(Scratch) + DirectSchema.RemoveSecond(Scratch);

    /// <summary>Why it cannot, with the fix; null when it can.</summary>
    public static string? Problem(string sysctlDirectory)
    {
        try
        {
            TryTunnel();
            TryTables();
        }
        catch (SystemCallException exception)
        {
            return $"no VXLAN device ({exception.Message}): load the kernel module vxlan, and leave UDP port {DirectSchema.TunnelPort} free";
        }
        catch (NftablesException exception)
        {
            return $"nftables lacks a feature ({FirstLine(exception.Message)}): load nft_dup_ipv4 and nft_dup_ipv6, or use a newer kernel";
        }

        // A packet in the middle of a flow that is not tracked here must be told from an invalid one.
        var loose = Path.Combine(sysctlDirectory, "netfilter/nf_conntrack_tcp_loose");
        return File.Exists(loose) && File.ReadAllText(loose).Trim() == "0"
            ? "net.netfilter.nf_conntrack_tcp_loose is 0: run sysctl -w net.netfilter.nf_conntrack_tcp_loose=1 on the node"
            : null;
    }

    /// <summary>Removes what a probe leaves when the agent is killed in it.</summary>
    public static void Cleanup()
    {
        using (var configuration = new NetworkConfiguration(protocol: 0))
        {
            RemoveTunnel(configuration);
        }

        using var nftables = new NftablesContext();
        nftables.Run(Remove);
    }

    private static void TryTunnel()
    {
        using var configuration = new NetworkConfiguration(protocol: 0);
        RemoveTunnel(configuration);
        configuration.Add(new VxlanDevice(Scratch, Identifier, DirectSchema.TunnelPort, new PhysicalAddress([2, 0x6d, 0, 0, 0, 1]), 1400));
        RemoveTunnel(configuration);
    }

    private static void RemoveTunnel(NetworkConfiguration configuration)
    {
        foreach (var link in configuration.Links().Where(link => link.Name == Scratch))
        {
            configuration.RemoveLink(link.Index);
        }
    }

    private static void TryTables()
    {
        using var nftables = new NftablesContext();
        try
        {
            nftables.Run(Remove + TableSchema.Create(Scratch) + DirectSchema.Create(Scratch));
            nftables.Run(DirectSchema.CreateSecond(Scratch, "lo") + ChainCommands());
        }
        finally
        {
            nftables.Run(Remove);
        }
    }

    private static string ChainCommands() =>
        new TableTransaction(Scratch)
            .Shared(TablePlan.Empty, new TablePlan { SlotChains = TablePlan.Set(DirectChain.Names(client: false, 64)) })
            .ToString();

    private static string FirstLine(string text) => text.Split('\n')[0];
}
