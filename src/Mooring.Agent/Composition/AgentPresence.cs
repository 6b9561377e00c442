using System.Net;
using System.Reflection;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Mooring.Agent.Controlling;
using Mooring.Agent.Failover;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.Speaker;
using Mooring.Core.Failover;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Composition;

/// <summary>The agent as it introduces itself to a controller.</summary>
internal sealed class AgentPresence(
    string nodeName, NodeFactsCollector facts, FailoverService failover, HealthCheckService checks, AddressProber prober) : IAgentPresence
{
    private static readonly string Version =
        typeof(AgentPresence).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public Hello Describe()
    {
        var hello = new Hello
        {
            NodeName = nodeName,
            AgentVersion = Version,
            Facts = facts.Current,
            ProbesAddresses = true,
            Health = new HealthReport(),
        };
        hello.Addresses.AddRange(failover.States.Select(state => new AddressState
        {
            Address = state.Address.ToString(),
            Role = ToProto(state.Role),
            Term = state.Term,
            Since = Timestamp.FromDateTimeOffset(state.Since),
        }));
        hello.Health.Endpoints.AddRange(checks.Verdicts().Select(ToProto));
        return hello;
    }

    public void ControllerConnected(bool connected) => failover.SetControllerConnected(connected);

    public async Task<AddressProbeResult> ProbeAsync(AddressProbe probe, CancellationToken cancellationToken)
    {
        var addresses = probe.Addresses
            .Select(text => IPAddress.TryParse(text, out var address) ? address : null).OfType<IPAddress>().ToArray();
        var result = new AddressProbeResult();
        foreach (var (address, mac) in await prober.ProbeAsync(addresses, cancellationToken).ConfigureAwait(false))
        {
            result.Addresses.Add(new ProbedAddress
            {
                Address = address.ToString(),
                MacAddress = mac is null ? ByteString.Empty : ByteString.CopyFrom(mac.GetAddressBytes()),
            });
        }

        return result;
    }

    public static EndpointHealth ToProto(HealthChange change) => new()
    {
        BackendSetId = change.BackendSetId,
        Address = change.Backend.Address.ToString(),
        Port = (uint)change.Backend.Port,
        Healthy = change.Verdict.Healthy,
        Reason = change.Verdict.Reason,
        Warning = change.Verdict.Warning,
        Since = Timestamp.FromDateTimeOffset(change.Verdict.Since),
    };

    public static Role ToProto(AddressRole role) => role switch
    {
        AddressRole.Candidate => Role.Candidate,
        AddressRole.Standby => Role.Standby,
        AddressRole.Holder => Role.Holder,
        AddressRole.Yielding => Role.Yielding,
        AddressRole.Fenced => Role.Fenced,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "has no value in agent.proto"),
    };
}
