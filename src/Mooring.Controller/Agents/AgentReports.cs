using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Google.Protobuf.WellKnownTypes;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;
using CoreMode = Mooring.Core.Snapshots.ForwardingMode;

namespace Mooring.Controller.Agents;

/// <summary>Reads what agents send. What cannot be read is left out: an agent must not be able to harm the others.</summary>
internal static class AgentReports
{
    private const int MaxReasonLength = 300;
    private const int MaxAddressProblems = 10_000;

    public static AgentFacts Facts(string node, Protocol.V1Alpha1.NodeFacts? facts, out ImmutableArray<string> problems)
    {
        var interfaces = NodeMapping.ToCore(node, facts?.Interfaces ?? [], out var unreadable);
        problems = [.. unreadable.Select(problem => $"{problem.Field} {problem.Message}")];
        var modes = Modes(facts);
        return new AgentFacts
        {
            Node = node,
            Presence = AgentPresence.Connected,
            Interfaces = interfaces,
            ForwardingModes = modes,

            // An agent probes the kernel before it connects, so that an empty list is an answer. The last problem is what the probe ended with.
            CannotForward = modes.IsEmpty ? Cut(facts?.Problems.LastOrDefault() ?? "the agent can forward by no mode") : null,
            Problems = [.. (facts?.Problems ?? []), .. problems],
            AddressProblems =
            [
                .. (facts?.AddressProblems ?? []).Take(MaxAddressProblems)
                    .Select(problem => IPAddress.TryParse(problem.Address, out var address)
                        ? new Core.Surroundings.AddressObstacle(address, Cut(problem.Message))
                        : null)
                    .OfType<Core.Surroundings.AddressObstacle>(),
            ],
        };
    }

    private static ImmutableArray<CoreMode> Modes(Protocol.V1Alpha1.NodeFacts? facts) =>
    [
        .. (facts?.ForwardingModes ?? [])
            .Select(mode => mode switch
            {
                ForwardingMode.Nat => CoreMode.Nat,
                ForwardingMode.Direct => CoreMode.Direct,
                _ => (CoreMode?)null,
            })
            .OfType<CoreMode>()
            .Distinct()
            .Order(),
    ];

    /// <summary>Who answered for each address; null for nobody.</summary>
    public static IEnumerable<(IPAddress Address, PhysicalAddress? Mac)> Probed(AddressProbeResult result) => result.Addresses
        .Where(probed => IPAddress.TryParse(probed.Address, out _) && probed.MacAddress.Length is 0 or 6)
        .Select(probed => (
            IPAddress.Parse(probed.Address),
            probed.MacAddress.IsEmpty ? null : new PhysicalAddress(probed.MacAddress.ToByteArray())));

    public static (Dictionary<IPAddress, HolderClaim> Held, Dictionary<IPAddress, ulong> Terms) Addresses(
        string node, IEnumerable<AddressState> states, DateTimeOffset now)
    {
        var held = new Dictionary<IPAddress, HolderClaim>();
        var terms = new Dictionary<IPAddress, ulong>();
        foreach (var state in states)
        {
            if (!IPAddress.TryParse(state.Address, out var address))
            {
                continue;
            }

            terms[address] = Math.Max(state.Term, terms.GetValueOrDefault(address));
            if (Answers(state.Role))
            {
                held[address] = new HolderClaim(node, state.Term, Time(state.Since, now));
            }
        }

        return (held, terms);
    }

    /// <summary>Null unless the report says that the node took the address.</summary>
    public static HolderMove? Move(string node, HolderReport report, DateTimeOffset now)
    {
        if (!Answers(report.Role) || !IPAddress.TryParse(report.Address, out var address))
        {
            return null;
        }

        return new HolderMove
        {
            Address = address,
            From = report.PreviousHolder.Length == 0 ? null : report.PreviousHolder,
            To = new HolderClaim(node, report.Term, Time(report.At, now)),
            Reason = report.Reason.Length == 0 ? null : report.Reason,
            Detect = Span(report.Detect),
            Takeover = Span(report.Takeover),
            Phases = report.Phases is { } phases
                ? new MovePhases
                {
                    LastHeard = Time(phases.LastHeard),
                    Detected = Time(phases.Detected),
                    Claimed = Time(phases.Claimed),
                    Announced = Time(phases.Announced),
                    FirstPacket = Time(phases.FirstPacket),
                }
                : null,
        };
    }

    public static ImmutableDictionary<EndpointKey, EndpointVerdict> Health(
        ImmutableDictionary<EndpointKey, EndpointVerdict> known, HealthReport? report)
    {
        var health = known.ToBuilder();
        foreach (var endpoint in report?.Endpoints ?? [])
        {
            if (endpoint.Port is > 0 and <= ushort.MaxValue && IPAddress.TryParse(endpoint.Address, out var address))
            {
                var key = new EndpointKey(endpoint.BackendSetId, address, (ushort)endpoint.Port);
                health[key] = new EndpointVerdict(
                    endpoint.Healthy, Cut(endpoint.Reason), Time(endpoint.Since), Cut(endpoint.Warning));
            }
        }

        return health.ToImmutable();
    }

    public static ImmutableDictionary<EndpointKey, EndpointLoadReport> Loads(LoadReport report)
    {
        var loads = ImmutableDictionary.CreateBuilder<EndpointKey, EndpointLoadReport>();
        foreach (var endpoint in report.Endpoints)
        {
            if (endpoint.Port is > 0 and <= ushort.MaxValue && IPAddress.TryParse(endpoint.Address, out var address))
            {
                loads[new EndpointKey(endpoint.BackendSetId, address, (ushort)endpoint.Port)] = new EndpointLoadReport(
                    (int)Math.Min(endpoint.Connections, int.MaxValue), Span(endpoint.ResponseTime));
            }
        }

        return loads.ToImmutable();
    }

    /// <summary>It ends up in a status, which must stay small whatever an agent sends.</summary>
    private static string Cut(string text) => text.Length <= MaxReasonLength ? text : text[..MaxReasonLength];

    public static ReportedConflict? Conflict(string node, ConflictReport report) =>
        IPAddress.TryParse(report.Address, out var address)
            ? new ReportedConflict(
                address,
                string.Join(':', report.MacAddress.Span.ToArray().Take(8).Select(part => part.ToString("x2"))),
                report.NodeName.Length == 0 ? null : report.NodeName,
                node)
            : null;

    /// <summary>A node that yields answers until the next holder does.</summary>
    private static bool Answers(Role role) => role is Role.Holder or Role.Yielding;

    private static DateTimeOffset Time(Timestamp? time, DateTimeOffset fallback) => Time(time) ?? fallback;

    private static DateTimeOffset? Time(Timestamp? time)
    {
        // The years 1 to 9999, as the type's own limits say; a clock that far off is no clock.
        const long First = -62_135_596_800;
        const long Last = 253_402_300_799;
        return time is { Nanos: >= 0 and < 1_000_000_000, Seconds: > 0 and >= First and <= Last }
            ? time.ToDateTimeOffset()
            : null;
    }

    private static TimeSpan? Span(Duration? duration) =>
        duration is { Seconds: >= 0 and < 86_400, Nanos: >= 0 and < 1_000_000_000 } ? duration.ToTimeSpan() : null;
}
