namespace Grpc.Core;

/// <summary>Names the static method that binds a generated service base: <c>BindService(ServiceBinderBase, TBase)</c>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class BindServiceMethodAttribute(Type bindType, string bindMethodName) : Attribute
{
    public Type BindType { get; } = bindType;

    public string BindMethodName { get; } = bindMethodName;
}
