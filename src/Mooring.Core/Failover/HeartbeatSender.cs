namespace Mooring.Core.Failover;

/// <summary>What came from one node: which packets, and what the last of them said.</summary>
internal sealed class HeartbeatSender(string name, ulong ownEpoch)
{
    /// <summary>What a node has to say may need several packets, which come again in turn, and a greeting now and then.</summary>
    private const int Remembered = 16;

    private readonly ReplayWindow _window = new(ownEpoch, FailoverRules.Default);
    private readonly (byte[] Claims, Heartbeat Heartbeat)[] _said = new (byte[], Heartbeat)[Remembered];
    private int _next;

    public HeartbeatDecodeResult Accept(in HeartbeatFields fields, TimeSpan now, out Heartbeat? heartbeat)
    {
        heartbeat = null;
        var result = _window.Accept(fields.Epoch, fields.Sequence, fields.ReceiverEpoch, now);
        if (result == HeartbeatDecodeResult.Ok)
        {
            heartbeat = Recall(fields) ?? Remember(fields);
        }

        return result;
    }

    private Heartbeat? Recall(in HeartbeatFields fields)
    {
        foreach (var (claims, said) in _said)
        {
            if (said is not null && said.Epoch == fields.Epoch && said.Revision == fields.Revision
                && said.ReceiverEpoch == fields.ReceiverEpoch && said.Leaving == fields.Leaving
                && fields.Claims.SequenceEqual(claims))
            {
                return said;
            }
        }

        return null;
    }

    private Heartbeat Remember(in HeartbeatFields fields)
    {
        var heartbeat = new Heartbeat
        {
            Sender = name,
            Epoch = fields.Epoch,
            Revision = fields.Revision,
            ReceiverEpoch = fields.ReceiverEpoch,
            Leaving = fields.Leaving,
            Claims = fields.ReadClaims(),
        };
        _said[_next] = (fields.Claims.ToArray(), heartbeat);
        _next = (_next + 1) % Remembered;
        return heartbeat;
    }
}
