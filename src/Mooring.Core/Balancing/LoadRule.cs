using System.Collections.Immutable;

namespace Mooring.Core.Balancing;

/// <summary>
/// How much more or less of the new flows each endpoint should get for its load: a power of two, 0 for its share by weight.
/// The answer depends on the loads of the moment alone and not on what was answered before, so that a load that follows
/// late, as connections of an hour do, does not make it swing.
/// </summary>
public static class LoadRule
{
    /// <summary>An endpoint gets no less than an eighth of its share and no more than four times it.</summary>
    public const double Least = -3, Most = 2;

    /// <summary>
    /// With 2, endpoints whose connections last four times as long end with 1.6 times as many, instead of four times; a
    /// larger one gets closer and overshoots where connections live as long as loads are averaged.
    /// </summary>
    public const double ConnectionGain = 2;

    /// <summary>Standard deviations of a count under even chance; what is within is chance, and left alone.</summary>
    private const double Chance = 2;

    /// <summary>Response times below say more of the network than of the endpoint.</summary>
    private const double ShortestResponse = 0.001;

    /// <summary>As a power of two: response times within 25 % of the mean count as the mean.</summary>
    private const double SameResponse = 0.32;

    /// <summary>By the connections that each endpoint has, of all that there are.</summary>
    public static double[] ByConnections(ImmutableArray<WeighedEndpoint> endpoints)
    {
        double connections = 0, weights = 0;
        foreach (var endpoint in endpoints)
        {
            connections += endpoint.Load ?? 0;
            weights += endpoint.Load is null ? 0 : endpoint.Backend.Weight;
        }

        var answer = new double[endpoints.Length];
        for (var i = 0; i < answer.Length; i++)
        {
            if (endpoints[i].Load is { } load && connections > 0)
            {
                var share = connections * endpoints[i].Backend.Weight / weights;
                load = share + Beyond(load - share, Chance * Math.Sqrt(share));
                answer[i] = Within(-ConnectionGain * Math.Log2((load + 1) / (share + 1)));
            }
        }

        return answer;
    }

    /// <summary>By response time, against the geometric mean of all.</summary>
    public static double[] ByResponseTime(ImmutableArray<WeighedEndpoint> endpoints)
    {
        double sum = 0;
        var known = 0;
        foreach (var endpoint in endpoints)
        {
            if (endpoint.Load is { } time)
            {
                sum += Math.Log2(Math.Max(time, ShortestResponse));
                known++;
            }
        }

        var answer = new double[endpoints.Length];
        for (var i = 0; i < answer.Length; i++)
        {
            if (endpoints[i].Load is { } time)
            {
                answer[i] = Within(-Beyond(Math.Log2(Math.Max(time, ShortestResponse)) - (sum / known), SameResponse));
            }
        }

        return answer;
    }

    private static double Beyond(double difference, double left) =>
        Math.Abs(difference) <= left ? 0 : difference - Math.CopySign(left, difference);

    private static double Within(double answer) => Math.Clamp(answer, Least, Most);
}
