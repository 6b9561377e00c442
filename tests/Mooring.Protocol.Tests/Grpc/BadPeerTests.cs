using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Mooring.Protocol.Tests.Grpc;

/// <summary>What the server answers to peers that do not keep to the protocol.</summary>
public sealed class BadPeerTests : IAsyncLifetime
{
    private GrpcServer _server = null!;
    private HttpMessageInvoker _http = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await GrpcServer.StartAsync();
        _http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Post_OtherContentType_Is415()
    {
        using var response = await PostAsync(Frame(0, 0), contentType: "application/json");

        response.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task Post_OverHttp11_Is426()
    {
        await using var server = await GrpcServer.StartAsync(HttpProtocols.Http1);
        using var response = await PostAsync(Frame(0, 0), address: server.Address, version: HttpVersion.Version11);

        response.StatusCode.ShouldBe(HttpStatusCode.UpgradeRequired);
    }

    [Fact]
    public async Task Get_AnyMethod_Is405()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_server.Address, EchoService.SayMethod.FullName))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await _http.SendAsync(request, CancellationToken.None);

        response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    [Theory]
    [InlineData(1, 4, StatusCode.Unimplemented)]
    [InlineData(9, 4, StatusCode.Internal)]
    [InlineData(0, 0x7fff_ffff, StatusCode.ResourceExhausted)]
    [InlineData(0, 0xffff_ffff, StatusCode.ResourceExhausted)]
    [InlineData(0, 5, StatusCode.Internal)]
    public async Task Post_BadFrame_EndsWithStatus(byte flag, uint length, StatusCode expected)
    {
        using var response = await PostAsync([.. Frame(flag, length), 1, 2, 3, 4]);

        Code(response).ShouldBe(expected);
    }

    [Fact]
    public async Task Post_HeaderCutShort_IsInternal()
    {
        using var response = await PostAsync([0, 0, 0]);

        Code(response).ShouldBe(StatusCode.Internal);
    }

    [Fact]
    public async Task Post_NoMessage_IsInternal()
    {
        using var response = await PostAsync([]);

        Code(response).ShouldBe(StatusCode.Internal);
    }

    [Fact]
    public async Task Post_TwoMessagesInUnary_IsInternal()
    {
        using var response = await PostAsync([.. Frame(0, 1), 7, .. Frame(0, 1), 7]);

        Code(response).ShouldBe(StatusCode.Internal);
    }

    [Fact]
    public async Task Post_EncodingWeDoNotHave_IsUnimplementedAndNamesOurs()
    {
        using var response = await PostAsync(Frame(0, 0), header: ("grpc-encoding", "gzip"));

        Code(response).ShouldBe(StatusCode.Unimplemented);
        response.Headers.GetValues("grpc-accept-encoding").ShouldBe(["identity"]);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("123456789S")]
    [InlineData("-1S")]
    public async Task Post_BadTimeout_IsInternal(string timeout)
    {
        using var response = await PostAsync(Frame(0, 0), header: ("grpc-timeout", timeout));

        Code(response).ShouldBe(StatusCode.Internal);
    }

    [Fact]
    public async Task Post_BytesThatAreNoProtobuf_IsInternal()
    {
        using var response = await PostAsync(
            [.. Frame(0, 4), 0xff, 0xff, 0xff, 0xff], path: "/mooring.agent.v1alpha1.AgentService/Connect");

        Code(response).ShouldBe(StatusCode.Internal);
        response.Headers.GetValues("grpc-message").Single().ShouldContain("not a valid AgentMessage");
    }

    [Fact]
    public async Task Post_ServiceNobodyServes_IsUnimplemented()
    {
        using var response = await PostAsync(Frame(0, 0), path: "/no.such.Service/Method");

        Code(response).ShouldBe(StatusCode.Unimplemented);
    }

    [Fact]
    public async Task Connection_Garbage_IsClosedAndOthersAreServed()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _server.Address.Port);
        var garbage = new byte[64 * 1024];
        new Random(7).NextBytes(garbage);
        var stream = socket.GetStream();
        try
        {
            await stream.WriteAsync(garbage);
            var buffer = new byte[4096];
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (await stream.ReadAsync(buffer, patience.Token) > 0)
            {
                // The server may say GOAWAY before it closes.
            }
        }
        catch (IOException)
        {
            // Reset: closed as well.
        }

        using var response = await PostAsync([.. Frame(0, 1), 7]);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        await response.Content.ReadAsByteArrayAsync();
        response.TrailingHeaders.GetValues("grpc-status").ShouldBe(["0"]);
    }

    [Fact]
    public async Task Client_PeerIsNotHttp2_IsUnavailableOrInternal()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            using var peer = await listener.AcceptTcpClientAsync();
            await peer.GetStream().WriteAsync("SSH-2.0-OpenSSH_9.9 this is no HTTP/2 server\r\n"u8.ToArray());
            peer.Client.Shutdown(SocketShutdown.Send);
            var buffer = new byte[4096];
            while (await peer.GetStream().ReadAsync(buffer) > 0)
            {
            }
        });
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(EchoService.SayMethod, null, default, []);

        var failure = await Should.ThrowAsync<RpcException>(() => call.ResponseAsync.WaitAsync(TimeSpan.FromMinutes(2)));
        failure.StatusCode.ShouldBeOneOf(StatusCode.Unavailable, StatusCode.Internal);
        channel.Dispose();
        await serving.WaitAsync(TimeSpan.FromMinutes(2)).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private static byte[] Frame(byte flag, uint length)
    {
        var frame = new byte[5];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length);
        return frame;
    }

    private static StatusCode Code(HttpResponseMessage response)
    {
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (StatusCode)int.Parse(response.Headers.GetValues("grpc-status").Single());
    }

    private async Task<HttpResponseMessage> PostAsync(
        byte[] body,
        string contentType = "application/grpc",
        string? path = null,
        (string Name, string Value)? header = null,
        Uri? address = null,
        Version? version = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(address ?? _server.Address, path ?? EchoService.SayMethod.FullName))
        {
            Version = version ?? HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        if (header is var (name, value))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await _http.SendAsync(request, CancellationToken.None);
    }
}
