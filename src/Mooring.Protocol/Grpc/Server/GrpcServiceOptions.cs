namespace Grpc.AspNetCore.Server;

public sealed class GrpcServiceOptions
{
    public const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    /// <summary>Bytes of the largest message accepted; null for no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    /// <summary>Bytes of the largest message sent; null for no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>Whether clients are told the message of an exception a service did not mean to throw.</summary>
    public bool? EnableDetailedErrors { get; set; }
}
