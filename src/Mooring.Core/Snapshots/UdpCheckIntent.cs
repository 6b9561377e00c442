using System.Collections.Immutable;

namespace Mooring.Core.Snapshots;

/// <summary>What a UDP check sends, and what it expects.</summary>
public sealed record UdpCheckIntent
{
    public ImmutableArray<byte> Payload { get; init; } = [];

    /// <summary>Pattern (<see cref="Health.AnswerPattern"/>) for the answer; null for any answer.</summary>
    public string? Expected { get; init; }

    public bool Equals(UdpCheckIntent? other) =>
        other is not null && Expected == other.Expected && Payload.AsSpan().SequenceEqual(other.Payload.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Payload.Length, Expected);
}
