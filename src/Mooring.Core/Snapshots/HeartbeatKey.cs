using System.Collections.Immutable;

namespace Mooring.Core.Snapshots;

/// <summary>An HMAC-SHA256 key shared by the agents of a cluster. The secret has 32 bytes and is never logged.</summary>
public sealed record HeartbeatKey(byte Id, ImmutableArray<byte> Secret)
{
    public const int SecretLength = 32;

    public override string ToString() => $"HeartbeatKey {Id}";
}
