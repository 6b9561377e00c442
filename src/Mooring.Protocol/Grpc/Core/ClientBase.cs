namespace Grpc.Core;

/// <summary>Base of generated clients.</summary>
public abstract class ClientBase<T>
    where T : ClientBase<T>
{
    protected ClientBase(ChannelBase channel)
        : this(channel.CreateCallInvoker())
    {
    }

    protected ClientBase(CallInvoker callInvoker)
    {
        CallInvoker = callInvoker;
    }

    protected CallInvoker CallInvoker { get; }
}
