using Google.Protobuf;

namespace Mooring.Protocol.V1Alpha1;

/// <summary>A message from the controller in its encoding: made once, sent to a thousand agents.</summary>
public sealed class EncodedMessage(ControllerMessage message)
{
    public byte[] Bytes { get; } = message.ToByteArray();

    /// <summary>A whole snapshot, not a delta.</summary>
    public bool IsWhole { get; } = message.MessageCase == ControllerMessage.MessageOneofCase.Snapshot;
}
