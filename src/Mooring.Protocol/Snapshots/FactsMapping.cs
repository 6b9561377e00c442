using System.Collections.Immutable;
using Domain = Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>What an agent says of its node, between wire and Core.</summary>
public static class FactsMapping
{
    public static Proto.ForwardingMode ToProto(Domain.ForwardingMode mode) => WireEnums.ToProto(WireEnums.ForwardingModes, mode);

    /// <summary>Modes this build knows; an agent of a newer one may name more.</summary>
    public static ImmutableArray<Domain.ForwardingMode> ToCore(IEnumerable<Proto.ForwardingMode> modes) =>
    [
        .. modes.Where(WireEnums.ForwardingModes.ContainsKey).Select(mode => WireEnums.ForwardingModes[mode]).Distinct(),
    ];
}
