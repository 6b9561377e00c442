using Google.Protobuf;
using Grpc.Core;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Benchmarks.Scale;

/// <summary>
/// What a simulated agent reads of a message from the controller: which it is, and of which revision. A thousand agents in
/// one process cannot each take ten megabytes apart; real ones have a machine each.
/// </summary>
internal sealed record RevisionMessage(bool Whole, ulong Revision, int Bytes)
{
    private const int SnapshotField = 1;

    /// <summary>The one method of the service, with these as its answers.</summary>
    public static readonly Method<AgentMessage, RevisionMessage> Connect = new(
        MethodType.DuplexStreaming,
        "mooring.agent.v1alpha1.AgentService",
        "Connect",
        Marshallers.Create<AgentMessage>(static message => message.ToByteArray(), static _ => throw new NotSupportedException()),
        Marshallers.Create<RevisionMessage>(static (_, _) => throw new NotSupportedException(), Read));

    private static RevisionMessage Read(DeserializationContext context)
    {
        var payload = context.PayloadAsReadOnlySequence();
        Span<byte> start = stackalloc byte[(int)Math.Min(64, payload.Length)];
        System.Buffers.BuffersExtensions.CopyTo(payload.Slice(0, start.Length), start);
        using var input = new CodedInputStream(start.ToArray());
        var whole = WireFormat.GetTagFieldNumber(input.ReadTag()) == SnapshotField;
        input.ReadLength();
        input.ReadTag();
        var first = input.ReadUInt64();
        if (whole)
        {
            return new RevisionMessage(true, first, context.PayloadLength);
        }

        // base_revision comes first.
        input.ReadTag();
        return new RevisionMessage(false, input.ReadUInt64(), context.PayloadLength);
    }
}
