namespace Grpc.Core;

/// <summary>The kinds of call in use here.</summary>
public enum MethodType
{
    Unary,
    DuplexStreaming,
}
