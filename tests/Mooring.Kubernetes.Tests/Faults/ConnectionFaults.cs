namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>What one connection suffers.</summary>
internal sealed class ConnectionFaults
{
    /// <summary>Of this connection alone; its two directions take turns.</summary>
    public required Random Random { get; init; }

    public bool Refused { get; init; }

    /// <summary>Bytes towards the client before the <see cref="End"/>.</summary>
    public long EndsAfter { get; init; }

    public ConnectionEnd End { get; init; }

    /// <summary>Share of the pieces that wait a while.</summary>
    public double Slowness { get; init; }

    public int MaxChunk { get; init; }

    /// <summary>Share of the requests answered with 429, 500 or 503 in the server's place.</summary>
    public double RefusedRequests { get; init; }

    /// <summary>Share of the requests that the server carries out and whose answers are lost.</summary>
    public double LostAnswers { get; init; }

    public bool Draw(double share)
    {
        lock (Random)
        {
            return Random.NextDouble() < share;
        }
    }

    public int Draw(int below)
    {
        lock (Random)
        {
            return Random.Next(below);
        }
    }
}
