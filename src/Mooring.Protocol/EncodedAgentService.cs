using Grpc.Core;

namespace Mooring.Protocol.V1Alpha1;

/// <summary>The service of agent.proto for a controller whose answers are encoded already; the same on the wire.</summary>
public static class EncodedAgentService
{
    private static readonly Method<AgentMessage, EncodedMessage> ConnectMethod = new(
        MethodType.DuplexStreaming,
        AgentService.ServiceName,
        "Connect",
        AgentService.Create(AgentMessage.Parser),
        Marshallers.Create<EncodedMessage>(
            static (message, context) => context.Complete(message.Bytes),
            static _ => throw new NotSupportedException("only to be sent")));

    /// <summary>Adds the methods of the service to the binder; <paramref name="serviceImpl"/> is null to learn them only.</summary>
    public static void BindService(ServiceBinderBase serviceBinder, EncodedAgentServiceBase? serviceImpl) =>
        serviceBinder.AddMethod(
            ConnectMethod,
            serviceImpl is null ? null : new DuplexStreamingServerMethod<AgentMessage, EncodedMessage>(serviceImpl.Connect));

    /// <summary>What a controller implements.</summary>
    [BindServiceMethod(typeof(EncodedAgentService), nameof(BindService))]
    public abstract class EncodedAgentServiceBase
    {
        public virtual Task Connect(
            IAsyncStreamReader<AgentMessage> requestStream,
            IServerStreamWriter<EncodedMessage> responseStream,
            ServerCallContext context) => throw new RpcException(new Status(StatusCode.Unimplemented, ""));
    }
}
