using System.Collections.Immutable;
using Google.Protobuf;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

internal static class HeartbeatKeyMapping
{
    public static Proto.HeartbeatKey ToProto(HeartbeatKey key) =>
        new() { Id = key.Id, Secret = ByteString.CopyFrom(key.Secret.AsSpan()) };

    public static ImmutableArray<HeartbeatKey> Read(IReadOnlyList<Proto.HeartbeatKey> keys, ProblemList problems)
    {
        var reader = new ObjectReader("", problems);
        if (!reader.Count("heartbeat_keys", keys.Count, SnapshotLimits.MaxHeartbeatKeys))
        {
            return [];
        }

        var ids = new HashSet<uint>();
        var result = ImmutableArray.CreateBuilder<HeartbeatKey>(keys.Count);
        for (var i = 0; i < keys.Count; i++)
        {
            var field = $"heartbeat_keys[{i}]";
            if (!ids.Add(keys[i].Id))
            {
                reader.Refuse($"{field}.id", $"{keys[i].Id} is there twice");
            }

            if (keys[i].Secret.Length != HeartbeatKey.SecretLength)
            {
                reader.Refuse($"{field}.secret", $"has {keys[i].Secret.Length} bytes, not {HeartbeatKey.SecretLength}");
            }

            result.Add(new HeartbeatKey(
                (byte)reader.Number($"{field}.id", keys[i].Id, 0, byte.MaxValue),
                ImmutableArray.Create(keys[i].Secret.Span)));
        }

        return result.ToImmutable();
    }
}
