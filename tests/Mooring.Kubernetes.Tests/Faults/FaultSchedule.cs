namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>
/// All that is random of one run, from its seed: what happens to each connection and request, how the clocks run, how
/// lists are asked for. Threads still interleave as they like: a seed brings back the same faults, not the same instant.
/// </summary>
internal sealed class FaultSchedule
{
    public FaultSchedule(int seed)
    {
        Seed = seed;
        var random = new Random(seed);
        Tls = random.Next(4) == 0;
        StreamLists = random.Next(3) > 0;
        PageSize = random.Next(1, 6);
        Compacts = random.Next(3) == 0;
        Refusals = random.NextDouble() * 0.3;
        Ends = random.NextDouble() * 0.8;
        RefusedRequests = random.NextDouble() * 0.4;
        LostAnswers = random.NextDouble() * 0.15;
        Slowness = random.NextDouble() * 0.3;
        Trickle = random.Next(4) == 0;
        Writes = random.Next(20, 60);
    }

    public int Seed { get; }

    /// <summary>TLS and HTTP/2 end to end, so that faults fall on bytes; else HTTP/1.1, so that they fall on requests too.</summary>
    public bool Tls { get; }

    public bool StreamLists { get; }

    public int PageSize { get; }

    /// <summary>The server forgets its history now and then.</summary>
    public bool Compacts { get; }

    /// <summary>Changes made while things go wrong.</summary>
    public int Writes { get; }

    private double Refusals { get; }

    private double Ends { get; }

    private double RefusedRequests { get; }

    private double LostAnswers { get; }

    private double Slowness { get; }

    private bool Trickle { get; }

    /// <summary>A stream of numbers for one part of the run that does not depend on what the others draw.</summary>
    public Random Part(string name, int number = 0) =>
        new(unchecked((Seed * 31) + name.Aggregate(17, (hash, letter) => (hash * 31) + letter) + (number * 7919)));

    public ConnectionFaults Connection(int number)
    {
        var random = Part("connection", number);
        return new ConnectionFaults
        {
            Random = random,
            Refused = random.NextDouble() < Refusals,
            EndsAfter = random.NextDouble() < Ends ? (long)Math.Pow(10, 1 + (3.5 * random.NextDouble())) : long.MaxValue,
            End = (ConnectionEnd)random.Next(3),
            Slowness = Slowness,
            MaxChunk = Trickle ? 1 + random.Next(200) : 16 << 10,
            RefusedRequests = RefusedRequests,
            LostAnswers = LostAnswers,
        };
    }

    public override string ToString() =>
        $"seed {Seed}: {(Tls ? "TLS, HTTP/2" : "HTTP/1.1")}, {(StreamLists ? "streamed lists" : $"pages of {PageSize}")}, "
        + $"{Writes} writes{(Compacts ? ", compactions" : "")}";
}
