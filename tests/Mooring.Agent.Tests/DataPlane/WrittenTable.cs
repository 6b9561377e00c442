using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Agent.DataPlane;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Where docs/slots.md sends the flows of a service in Nat mode, worked out from the plan without any kernel.</summary>
internal sealed class WrittenTable
{
    private readonly string _way;
    private readonly int _size;
    private readonly bool _sparse;
    private readonly SlotTable _taken;

    private WrittenTable(ServicePlan plan)
    {
        var parts = plan.Chain!.Split('-');
        (_way, _size, _sparse) = (parts[0].TrimEnd('6'), int.Parse(parts[2]), parts.Length == 4);
        Slots = plan.Slots;
        _taken = new SlotTable([.. plan.Slots.Select(slot => slot is null ? -1 : 0)]);
    }

    /// <summary>"address . port" by slot; null where none is.</summary>
    public ImmutableArray<string?> Slots { get; }

    public bool TakesTurns => _way == "rotate";

    public static WrittenTable Of(ForwardedService service) => new(
        new TablePlanner(new ServiceNumbers())
            .Plan(new DataPlaneState { Services = [service] }, TablePlan.Set(), new PlanChanges()).Services.Values.Single());

    public static ForwardedService Service(BalancingAlgorithm algorithm, AddressFamily family, ImmutableArray<ForwardedBackend> backends) => new()
    {
        VirtualIp = new NamespacedName("default", "dns"),
        Address = IPAddress.Parse(family == AddressFamily.InterNetwork ? ForwardingLab.Vip : ForwardingLab.VipV6),
        Protocol = TransportProtocol.Udp,
        Port = 53,
        Algorithm = algorithm,
        Backends = backends,
    };

    public string EndpointOf(IPEndPoint client)
    {
        return Slots[_sparse ? SparseTable.Find(_taken, SlotOf) : SlotOf(_size, SlotHash.Seed)]!;

        int SlotOf(int slots, uint seed) => _way == "client"
            ? SlotHash.OfClient(client.Address, slots, seed)
            : SlotHash.OfFlow(client.Address, (ushort)client.Port, slots, seed);
    }

    /// <summary>Share of all flows by endpoint.</summary>
    public Dictionary<string, double> Shares()
    {
        var slots = (_sparse ? Slots[..^1] : Slots).OfType<string>().ToArray();
        return slots.CountBy(slot => slot).ToDictionary(pair => pair.Key, pair => pair.Value / (double)slots.Length);

    }}
