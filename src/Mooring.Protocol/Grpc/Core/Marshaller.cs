namespace Grpc.Core;

/// <summary>Turns a message into bytes and back.</summary>
public sealed class Marshaller<T>(
    Action<T, SerializationContext> contextualSerializer,
    Func<DeserializationContext, T> contextualDeserializer)
{
    public Action<T, SerializationContext> ContextualSerializer { get; } = contextualSerializer;

    public Func<DeserializationContext, T> ContextualDeserializer { get; } = contextualDeserializer;
}
