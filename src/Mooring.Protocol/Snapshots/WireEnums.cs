using System.Collections.Frozen;
using System.Net.Sockets;
using Domain = Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>The enumerations of both sides. What is not listed here is refused by name.</summary>
internal static class WireEnums
{
    public static readonly FrozenDictionary<Proto.TransportProtocol, Domain.TransportProtocol> Transports =
        new Dictionary<Proto.TransportProtocol, Domain.TransportProtocol>
        {
            [Proto.TransportProtocol.Tcp] = Domain.TransportProtocol.Tcp,
            [Proto.TransportProtocol.Udp] = Domain.TransportProtocol.Udp,
            [Proto.TransportProtocol.Sctp] = Domain.TransportProtocol.Sctp,
        }.ToFrozenDictionary();

    public static readonly FrozenDictionary<Proto.ForwardingMode, Domain.ForwardingMode> ForwardingModes =
        new Dictionary<Proto.ForwardingMode, Domain.ForwardingMode>
        {
            [Proto.ForwardingMode.Nat] = Domain.ForwardingMode.Nat,
            [Proto.ForwardingMode.Direct] = Domain.ForwardingMode.Direct,
        }.ToFrozenDictionary();

    public static readonly FrozenDictionary<Proto.Algorithm, Domain.BalancingAlgorithm> Algorithms =
        new Dictionary<Proto.Algorithm, Domain.BalancingAlgorithm>
        {
            [Proto.Algorithm.Maglev] = Domain.BalancingAlgorithm.Maglev,
            [Proto.Algorithm.RoundRobin] = Domain.BalancingAlgorithm.RoundRobin,
            [Proto.Algorithm.WeightedRoundRobin] = Domain.BalancingAlgorithm.WeightedRoundRobin,
            [Proto.Algorithm.SourceIpHash] = Domain.BalancingAlgorithm.SourceIpHash,
            [Proto.Algorithm.LeastConnections] = Domain.BalancingAlgorithm.LeastConnections,
            [Proto.Algorithm.LeastResponseTime] = Domain.BalancingAlgorithm.LeastResponseTime,
        }.ToFrozenDictionary();

    public static readonly FrozenDictionary<Proto.BackendCondition, Domain.BackendCondition> Conditions =
        new Dictionary<Proto.BackendCondition, Domain.BackendCondition>
        {
            [Proto.BackendCondition.Ready] = Domain.BackendCondition.Ready,
            [Proto.BackendCondition.Draining] = Domain.BackendCondition.Draining,
            [Proto.BackendCondition.NotReady] = Domain.BackendCondition.NotReady,
        }.ToFrozenDictionary();

    public static readonly FrozenDictionary<Proto.HealthCheckType, Domain.HealthCheckType> CheckTypes =
        new Dictionary<Proto.HealthCheckType, Domain.HealthCheckType>
        {
            [Proto.HealthCheckType.Tcp] = Domain.HealthCheckType.Tcp,
            [Proto.HealthCheckType.Http] = Domain.HealthCheckType.Http,
            [Proto.HealthCheckType.Grpc] = Domain.HealthCheckType.Grpc,
            [Proto.HealthCheckType.Udp] = Domain.HealthCheckType.Udp,
            [Proto.HealthCheckType.Exec] = Domain.HealthCheckType.Exec,
        }.ToFrozenDictionary();

    public static readonly FrozenDictionary<Proto.AddressFamily, AddressFamily> Families =
        new Dictionary<Proto.AddressFamily, AddressFamily>
        {
            [Proto.AddressFamily.Ipv4] = AddressFamily.InterNetwork,
            [Proto.AddressFamily.Ipv6] = AddressFamily.InterNetworkV6,
        }.ToFrozenDictionary();

    public static TProto ToProto<TProto, TCore>(FrozenDictionary<TProto, TCore> known, TCore value)
        where TProto : struct, Enum
        where TCore : struct, Enum
    {
        foreach (var (proto, core) in known)
        {
            if (EqualityComparer<TCore>.Default.Equals(core, value))
            {
                return proto;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(value), value, "has no value in agent.proto");
    }
}
