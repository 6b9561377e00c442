using Grpc.Core;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Tests.Grpc;

/// <summary>A controller that does what the agent's node name says.</summary>
public sealed class AgentBehaviours : AgentService.AgentServiceBase
{
    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override async Task Connect(
        IAsyncStreamReader<AgentMessage> requestStream,
        IServerStreamWriter<ControllerMessage> responseStream,
        ServerCallContext context)
    {
        await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
        {
            var hello = message.Hello ?? throw new RpcException(new Status(StatusCode.InvalidArgument, "not a Hello"));
            switch (hello.NodeName)
            {
                case "refused":
                    throw new RpcException(
                        new Status(StatusCode.FailedPrecondition, "node ünknown: 100 %"),
                        new Metadata { { "x-reason", "unknown" } });
                case "hang":
                    try
                    {
                        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.CancellationToken);
                    }
                    finally
                    {
                        Cancelled.TrySetResult();
                    }

                    break;
                case "big":
                    await responseStream.WriteAsync(new ControllerMessage { Snapshot = Big(hello.AppliedRevision) });
                    break;
                default:
                    await responseStream.WriteAsync(new ControllerMessage
                    {
                        Snapshot = new Snapshot { Revision = hello.AppliedRevision + 1 },
                    });
                    break;
            }
        }
    }

    /// <summary>A snapshot of about that many bytes.</summary>
    private static Snapshot Big(ulong bytes)
    {
        var snapshot = new Snapshot { Revision = bytes };
        for (var i = 0UL; i < bytes / 1000; i++)
        {
            snapshot.Nodes.Add(new Node { Name = new string('n', 1000) });
        }

        return snapshot;
    }
}
