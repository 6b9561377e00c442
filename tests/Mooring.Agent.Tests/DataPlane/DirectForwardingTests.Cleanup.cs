using System.Net;
using Mooring.Agent.DataPlane;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary><c>mooring-agent cleanup</c>, as a program of its own.</summary>
public sealed partial class DirectForwardingTests
{
    [Fact]
    public async Task Cleanup_AfterAnAgentWasKilled_LeavesTheNodeAsItWas()
    {
        foreach (var (program, arguments) in Bystanders)
        {
            _lab.Run("n1", program, arguments).ShouldBeEmpty();
        }

        try
        {
            await RestartAsync(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
            var before = await SettledAsync();
            before.ShouldAllBe(line => !line.Contains("mooring", StringComparison.Ordinal));

            // Everything there is: both families, both modes of reaching a node, source ranges, a second table of slots.
            _ranges = [IPNetwork.Parse("10.70.0.0/16")];
            await PoolAsync(1, 2, 4);
            await HoldAsync(1);
            await PoolAsync(1, 2, 3, 4);
            (await _lab.AskAsync()).ShouldContain("saw 10.70.0.200");

            // What is left when it is killed while it tries what the node can do.
            _lab.Run("n1", "nft", "add table inet mooring-probe").ShouldBeEmpty();
            _lab.Run("n1", "nft", "add table ip mooring-probe").ShouldBeEmpty();
            _lab.Run("n1", "ip", "link add mooring-probe type vxlan id 7900 dstport 7949").ShouldBeEmpty();

            Cleanup();
            (await SettledAsync()).ShouldBe(before);

            Cleanup();
            (await SettledAsync()).ShouldBe(before, "there is nothing left to remove");
        }
        finally
        {
            _lab.Run("n1", "nft", "delete table inet bystander");
            _lab.Run("n1", "ip", "rule del pref 7000");
            _lab.Run("n1", "ip", "route del 192.0.2.0/24");
        }
    }

    /// <summary>What other programs have on the node.</summary>
    private static (string Program, string Arguments)[] Bystanders =>
    [
        ("nft", "add table inet bystander"),
        ("nft", "add chain inet bystander c { type filter hook prerouting priority -310 ; }"),
        ("nft", "add rule inet bystander c counter"),
        ("ip", "rule add pref 7000 fwmark 0x6e000001 lookup main"),
        ("ip", "route add 192.0.2.0/24 via 10.70.0.1 proto 110"),
    ];

    private void Cleanup() =>
        _lab.Run("n1", "dotnet", $"{Path.Combine(AppContext.BaseDirectory, "mooring-agent.dll")} cleanup").ShouldContain("are removed");

    /// <summary>Tables, devices, rules and routes of node-1, once the kernel has finished what follows a removed device.</summary>
    private async Task<string[]> SettledAsync()
    {
        var last = "";
        await Eventually.HoldsAsync(
            () =>
            {
                var now = string.Join('\n', new[]
                {
                    _lab.Run("n1", "nft", "-s list ruleset"), // without counters
                    _lab.Run("n1", "ip", "-br link"),
                    _lab.Run("n1", "ip", "rule"), _lab.Run("n1", "ip", "-6 rule"),
                    _lab.Run("n1", "ip", "route show table all"), _lab.Run("n1", "ip", "-6 route show table all"),
                });
                var settled = now == last;
                last = now;
                return settled;
            },
            "two looks find the same");

        // The kernel's own routes come with devices and addresses, those of link-local addresses late.
        return [.. last.Split('\n').Where(line => !line.Contains("proto kernel", StringComparison.Ordinal))];
    }
}
