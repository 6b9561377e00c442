using System.Net;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Reporting;

/// <summary>The status of a VirtualIp. Pure.</summary>
internal static class VirtualIpStatusComputation
{
    public static VirtualIpStatus Compute(
        VirtualIpEvaluation vip, AgentsView agents, EndpointStates states, VirtualIpStatus? previous, DateTime now)
    {
        var generation = vip.Settings.Resource.Metadata.Generation;
        var conditions = new VirtualIpConditions(vip, agents, states, new Conditions(previous?.Conditions, generation, now));
        if (!vip.Accepted)
        {
            return new VirtualIpStatus
            {
                LastFailover = previous?.LastFailover,
                ObservedGeneration = generation,
                Conditions = conditions.Compute(),
            };
        }

        var holders = vip.Settings.Addresses.Select(address => Holder(address, agents, previous)).ToList();
        var (ready, total) = conditions.Count();
        return new VirtualIpStatus
        {
            Addresses = [.. vip.Settings.Addresses.Select(address => address.ToString())],
            Holder = holders[0].Node,
            HolderSince = holders[0].Since,
            Term = holders[0].Term,
            Holders = holders,
            Candidates = CandidateList.Compute(
                vip.Placements[0],
                agents.Holders.GetValueOrDefault(vip.Settings.Addresses[0]),
                vip.Moves.IsEmpty ? null : vip.Moves[0]),
            LastFailover = Failover(vip, agents) ?? previous?.LastFailover,
            ReadyBackends = $"{ready}/{total}",
            Backends = new BackendCount { Ready = ready, Total = total },
            Forwarding = new ForwardingStatus
            {
                Mode = vip.Forwarding!.Mode.ToString(),
                Reason = vip.Forwarding.Reason,
                Message = vip.Forwarding.Message,
            },
            ObservedGeneration = generation,
            Conditions = conditions.Compute(),
        };
    }

    private static AddressHolder Holder(IPAddress address, AgentsView agents, VirtualIpStatus? previous)
    {
        var text = address.ToString();
        var claim = agents.Holders.GetValueOrDefault(address);
        var before = previous?.Holders?.FirstOrDefault(holder => holder.Address == text);

        // Agents give times to the nanosecond; what is stored has seconds, and must not differ from it forever.
        var since = claim is null ? (DateTime?)null : ToSeconds(claim.Since);
        return new AddressHolder
        {
            Address = text,
            Node = claim?.Node,
            Since = before?.Node == claim?.Node && before?.Term == (long?)claim?.Term ? before?.Since ?? since : since,
            Term = agents.Terms.TryGetValue(address, out var term) ? (long)term : before?.Term,
        };
    }

    private static LastFailover? Failover(VirtualIpEvaluation vip, AgentsView agents)
    {
        var latest = vip.Settings.Addresses
            .Select(address => agents.Failovers.GetValueOrDefault(address))
            .OfType<HolderMove>()
            .MaxBy(move => move.To.Since);
        return latest is null
            ? null
            : new LastFailover
            {
                Address = latest.Address.ToString(),
                From = latest.From,
                To = latest.To.Node,
                Reason = latest.Reason,
                DetectMillis = (long?)latest.Detect?.TotalMilliseconds,
                TakeoverMillis = (long?)latest.Takeover?.TotalMilliseconds,
                FirstPacketMillis = latest.Phases is { Announced: { } announced, FirstPacket: { } packet }
                    ? (long)Math.Max(0, (packet - announced).TotalMilliseconds)
                    : null,
                Phases = latest.Phases is { } phases
                    ? new FailoverPhases
                    {
                        LastHeartbeat = phases.LastHeard?.UtcDateTime,
                        Detected = phases.Detected?.UtcDateTime,
                        Claimed = phases.Claimed?.UtcDateTime,
                        Announced = phases.Announced?.UtcDateTime,
                        FirstPacket = phases.FirstPacket?.UtcDateTime,
                    }
                    : null,
                At = ToSeconds(latest.To.Since),
            };
    }

    private static DateTime ToSeconds(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
}
