namespace Grpc.Core;

public interface IMethod
{
    MethodType Type { get; }

    string ServiceName { get; }

    string Name { get; }

    /// <summary>Path of the request: <c>/package.Service/Method</c>.</summary>
    string FullName { get; }
}
