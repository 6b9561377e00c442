using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>The weights an agent works by where they follow the load, as it tells them to a controller that may be new.</summary>
public static class WeightReports
{
    /// <summary>A quarter of the largest message of an agent.</summary>
    private const int MaxBytes = SnapshotLimits.MaxAgentMessageBytes / 4;

    /// <summary>What fits a message.</summary>
    public static IEnumerable<Proto.PublishedWeights> ToProto(ClusterSnapshot snapshot)
    {
        var bytes = 0;
        foreach (var set in snapshot.BackendSets.Where(set => set.GoesByLoad))
        {
            var report = new Proto.PublishedWeights { BackendSetId = set.Id };
            report.Endpoints.AddRange(set.Backends.Select(backend => new Proto.EndpointWeight
            {
                Address = backend.Address.ToString(),
                Port = backend.Port,
                Weight = (uint)backend.Weight,
            }));
            bytes += report.CalculateSize();
            if (bytes > MaxBytes)
            {
                yield break;
            }

            yield return report;
        }
    }

    /// <summary>Weights by id of the backend set; what cannot be read is left out.</summary>
    public static ImmutableDictionary<string, ImmutableDictionary<IPEndPoint, int>> ToCore(
        IEnumerable<Proto.PublishedWeights> reports)
    {
        var result = ImmutableDictionary.CreateBuilder<string, ImmutableDictionary<IPEndPoint, int>>(StringComparer.Ordinal);
        foreach (var report in reports)
        {
            var weights = ImmutableDictionary.CreateBuilder<IPEndPoint, int>();
            foreach (var endpoint in report.Endpoints)
            {
                if (endpoint.Port is > 0 and <= ushort.MaxValue && endpoint.Weight <= Backend.MaxWeight
                    && IPAddress.TryParse(endpoint.Address, out var address))
                {
                    weights[new IPEndPoint(address, (int)endpoint.Port)] = (int)endpoint.Weight;
                }
            }

            result[report.BackendSetId] = weights.ToImmutable();
        }

        return result.ToImmutable();
    }
}
