using System.Collections.Immutable;
using System.Security.Cryptography;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Trust;

/// <summary>The keys that agents accept, and how far the replacement of the one that signs has come.</summary>
internal sealed record HeartbeatKeyRing
{
    /// <summary>How a ring with two keys goes on.</summary>
    public enum Step
    {
        /// <summary>There is one key; or somebody put the second one there by hand, and goes on by hand.</summary>
        None,

        /// <summary>The other key is new: agents accept it, and none signs with it yet.</summary>
        Announced,

        /// <summary>The other key is old: agents accept it still, and none signs with it any more.</summary>
        InUse,
    }

    public required HeartbeatKey Signing { get; init; }

    public HeartbeatKey? Other { get; init; }

    public Step At { get; init; }

    /// <summary>When <see cref="Signing"/> was made.</summary>
    public required DateTimeOffset Made { get; init; }

    /// <summary>When the present step began.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The one that signs first.</summary>
    public ImmutableArray<HeartbeatKey> Keys => Other is null ? [Signing] : [Signing, Other];

    public static HeartbeatKeyRing Create(DateTimeOffset now) =>
        new() { Signing = NewKey(1), Made = now, Since = now };

    /// <summary>The ring after the step that is due, or the same ring.</summary>
    /// <param name="lifetime">Of a key; zero for one that is only replaced on request.</param>
    /// <param name="patience">After this long, agents that are away are not waited for.</param>
    /// <param name="requested">Somebody asked for a new key.</param>
    /// <param name="everywhere">Every agent works by this ring.</param>
    public HeartbeatKeyRing Advance(
        DateTimeOffset now, TimeSpan lifetime, TimeSpan patience, bool requested, bool everywhere)
    {
        if (Other is null)
        {
            return requested || (lifetime > TimeSpan.Zero && now - Made >= lifetime)
                ? this with { Other = NewKey((byte)((Signing.Id % byte.MaxValue) + 1)), At = Step.Announced, Since = now }
                : this;
        }

        if (!everywhere && now - Since < patience)
        {
            return this;
        }

        return At switch
        {
            Step.Announced => new() { Signing = Other, Other = Signing, At = Step.InUse, Made = Since, Since = now },
            Step.InUse => this with { Other = null, At = Step.None, Since = now },
            _ => this,
        };
    }

    private static HeartbeatKey NewKey(byte id) => new(id, [.. RandomNumberGenerator.GetBytes(HeartbeatKey.SecretLength)]);
}
