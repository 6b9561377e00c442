using System.Net;
using Microsoft.Extensions.Logging;
using Mooring.Agent.DataPlane;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Agent.DataPlane.Tables;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Everything is refused for a while (EPERM), reading too: it says nothing of what the kernel has.</summary>
[Collection(nameof(ForwardingLab))]
public sealed class NftablesTableTests : IDisposable
{
    private const string Name = "mooring";
    private static readonly IPAddress Vip = IPAddress.Parse(ForwardingLab.Vip);

    private readonly ForwardingLab _lab;
    private readonly ListLogger<NftablesTable> _log = new(LogLevel.Information);
    private readonly NftablesSession _session = new(Name);
    private readonly NftablesTable _table;
    private readonly TablePlanner _planner = new(new ServiceNumbers());

    public NftablesTableTests(ForwardingLab lab)
    {
        _lab = lab;
        _table = new NftablesTable(_session, Name, 20_000, TimeProvider.System, _log);
        lab.Node.Run(() =>
        {
            NftablesDataPlane.Cleanup(Name);
            _session.Open();
            _table.Open(static _ => { });
        });
        Commit(80);
    }

    public void Dispose()
    {
        _session.Dispose();
        _lab.Node.Run(() => NftablesDataPlane.Cleanup(Name));
    }

    [Fact]
    public void Drift_CannotBeRead_IsFoundAfterwardsAndTheRestIsLeftAlone()
    {
        Commit(80, 81);
        _lab.OnNode("nft", $"delete element inet mooring services {{ {Vip} . tcp . 81 }}");

        Refused(() => Should.Throw<NftablesException>(() => _table.Drift()).Message.ShouldContain("Operation not permitted"));

        _lab.Connect(80).ShouldStartWith("pod1");
        _lab.Node.Run(() => _table.Drift()).ShouldHaveSingleItem().ShouldStartWith($"service {Vip} . tcp . 81 was changed");
        Commit(80, 81).ShouldBe(1);
        _lab.Connect(81).ShouldStartWith("pod1");
        _lab.Node.Run(() => _table.Drift()).ShouldBeEmpty();
        Made().ShouldBe(1);
    }

    [Fact]
    public void Commit_Refused_LeavesWhatThereIsAndIsDoneAfterwards()
    {
        for (var attempt = 0; attempt < 2; attempt++)
        {
            Refused(() => Should.Throw<NftablesException>(() => TryCommit(80, 81)).Message.ShouldContain("Operation not permitted"));
            _lab.Connect(80).ShouldStartWith("pod1");
            _lab.Connect(81).ShouldBe("refused");
        }

        Commit(80, 81).ShouldBe(1);
        _lab.Connect(81).ShouldStartWith("pod1");
        Made().ShouldBe(1);
    }

    private int Made() => _log.Lines.Count(line => line.StartsWith("Created", StringComparison.Ordinal));

    private void Refused(Action work) => _lab.Node.Run(() =>
    {
        ThreadCapabilities.DropNetAdmin();
        work();
    });

    private int Commit(params ushort[] ports) => _lab.Node.Run(() => TryCommit(ports));

    private int TryCommit(params ushort[] ports)
    {
        _table.Open(static _ => { });
        var changes = new PlanChanges();
        var state = new DataPlaneState { NodeName = "node", Services = [.. ports.Select(Service)] };
        var target = _planner.Plan(state, TablePlan.Set([ForwardingLab.Vip]), changes);
        return _table.Commit(target, _table.Pending(target, changes), (key, error) => Assert.Fail($"{key} was refused: {error}"));
    }

    private static ForwardedService Service(ushort port) => new()
    {
        VirtualIp = new NamespacedName("default", "web"),
        Address = Vip,
        Protocol = TransportProtocol.Tcp,
        Port = port,
        Backends = [new ForwardedBackend(IPAddress.Parse("10.71.1.2"), 8080, 1, Local: true)],
    };
}
