using System.Text.Json.Serialization;

namespace Mooring.Sandbox.Probing;

/// <summary>What a steady client saw.</summary>
internal sealed record ProbeReport
{
    public required string Url { get; init; }

    /// <summary>When the first request that counts was started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    public required int Requests { get; init; }

    public required int Failures { get; init; }

    /// <summary>
    /// An answer that took longer came too late: the kernel keeps the first packets to a neighbour it does not know, and
    /// sends them when the neighbour answers at last.
    /// </summary>
    public static readonly TimeSpan Late = TimeSpan.FromMilliseconds(50);

    /// <summary>An outage of minutes is not listed request by request.</summary>
    private const int MostLost = 1000;

    /// <summary>Length of the longest outage in milliseconds, 0 when every request was answered at once.</summary>
    public required double LongestOutageMilliseconds { get; init; }

    public required IReadOnlyList<ProbeOutage> Outages { get; init; }

    /// <summary>Answers by pod.</summary>
    public required IReadOnlyDictionary<string, int> Pods { get; init; }

    /// <summary>Failures by kind.</summary>
    public required IReadOnlyDictionary<string, int> Errors { get; init; }

    /// <summary>The first of the failures.</summary>
    public IReadOnlyList<ProbeLoss> Lost { get; init; } = [];

    public required double MedianMilliseconds { get; init; }

    public required double P99Milliseconds { get; init; }

    public required double MaxMilliseconds { get; init; }

    /// <summary>By pod, when the last request that it answered was started, in milliseconds since the start.</summary>
    public required IReadOnlyDictionary<string, double> LastStartedMilliseconds { get; init; }

    /// <summary>Every request in the order of their starts.</summary>
    [JsonIgnore]
    public IReadOnlyList<ProbeSample> Samples { get; init; } = [];

    public static ProbeReport From(Uri url, IEnumerable<ProbeSample> samples, DateTimeOffset startedAt = default)
    {
        ProbeSample[] ordered = [.. samples.OrderBy(sample => sample.Start)];
        var outages = FindOutages(ordered);
        double[] latencies =
        [
            .. ordered.Where(sample => !sample.Failed).Select(sample => sample.Latency.TotalMilliseconds).Order(),
        ];
        return new ProbeReport
        {
            Url = url.ToString(),
            StartedAt = startedAt,
            Requests = ordered.Length,
            Failures = ordered.Count(sample => sample.Failed),
            LongestOutageMilliseconds = Round(outages.Select(outage => outage.LengthMilliseconds).DefaultIfEmpty().Max()),
            Outages = outages,
            Pods = Count(ordered.Where(sample => !sample.Failed).Select(sample => sample.Pod)),
            Errors = Count(ordered.Where(sample => sample.Failed).Select(sample => sample.Error!)),
            Lost =
            [
                .. ordered.Where(sample => sample.Failed).Take(MostLost).Select(sample => new ProbeLoss(
                    startedAt + sample.Start, Round(sample.Latency.TotalMilliseconds), sample.Port, sample.Error!)),
            ],
            MedianMilliseconds = Percentile(latencies, 0.5),
            P99Milliseconds = Percentile(latencies, 0.99),
            MaxMilliseconds = Percentile(latencies, 1),
            LastStartedMilliseconds = new SortedDictionary<string, double>(
                ordered.Where(sample => !sample.Failed)
                    .GroupBy(sample => sample.Pod)
                    .ToDictionary(pod => pod.Key, pod => Round(pod.Last().Start.TotalMilliseconds)),
                StringComparer.Ordinal),
            Samples = ordered,
        };
    }

    private static List<ProbeOutage> FindOutages(ReadOnlySpan<ProbeSample> samples)
    {
        List<ProbeOutage> outages = [];
        var start = TimeSpan.Zero;
        var (missed, failures) = (0, 0);
        foreach (var sample in samples)
        {
            if (sample.Failed || sample.Latency > Late)
            {
                missed++;
                failures += sample.Failed ? 1 : 0;
                continue;
            }

            if (missed > 0)
            {
                outages.Add(Outage(start, sample.Start + sample.Latency, failures, ended: true));
                (missed, failures) = (0, 0);
            }

            start = sample.Start;
        }

        if (missed > 0)
        {
            outages.Add(Outage(start, samples[^1].Start, failures, ended: false));
        }

        return outages;
    }

    private static ProbeOutage Outage(TimeSpan start, TimeSpan end, int failures, bool ended) =>
        new(Round(start.TotalMilliseconds), Round((end - start).TotalMilliseconds), failures, ended);

    private static SortedDictionary<string, int> Count(IEnumerable<string> words) =>
        new(words.CountBy(word => word).ToDictionary(), StringComparer.Ordinal);

    private static double Percentile(double[] sorted, double share) =>
        sorted.Length == 0 ? 0 : Round(sorted[(int)Math.Ceiling(share * sorted.Length) is var rank and > 0 ? rank - 1 : 0]);

    private static double Round(double milliseconds) => Math.Round(milliseconds, 1);
}
