namespace Grpc.Net.Client;

public sealed class GrpcChannelOptions
{
    public const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    /// <summary>Makes the requests; null for a <see cref="SocketsHttpHandler"/> of the channel's own.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether disposing the channel disposes <see cref="HttpHandler"/>.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>Bytes of the largest message accepted; null for no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    /// <summary>Bytes of the largest message sent; null for no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}
