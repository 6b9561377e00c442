namespace Grpc.Core;

/// <summary>A server that calls can be made to.</summary>
public abstract class ChannelBase(string target)
{
    public string Target { get; } = target;

    public abstract CallInvoker CreateCallInvoker();
}
