using System.Net.Http.Json;
using System.Net.Sockets;
using Mooring.Sandbox.Cluster;
using Mooring.Sandbox.Lifetime;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Daemon;

/// <summary>Talks to a sandbox's daemon.</summary>
internal sealed class DaemonClient : IDisposable
{
    private readonly SandboxName _name;
    private readonly HttpClient _http;

    public DaemonClient(SandboxName name, SandboxPaths paths)
    {
        _name = name;
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(paths.Socket), cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
        {
            BaseAddress = new Uri("http://sandbox"),
            Timeout = TimeSpan.FromSeconds(30),
        };
    }

    /// <exception cref="DaemonException">No sandbox of the name is up.</exception>
    public async Task<SandboxStatus> StatusAsync(CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, "/status", cancellationToken);
        return (await response.Content.ReadFromJsonAsync<SandboxStatus>(cancellationToken))!;
    }

    /// <param name="path">Such as <c>/nodes/node-1/kill</c>.</param>
    /// <exception cref="DaemonException">No sandbox of the name is up, or it refused; the message says why.</exception>
    public async Task PostAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Post, path, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            using var request = new HttpRequestMessage(method, path);
            response = await _http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException exception) when (exception.InnerException is SocketException)
        {
            throw new DaemonException($"sandbox '{_name}' is not up: start it with `mooring-sandbox up`", exception);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var error = response.Content.Headers.ContentType?.MediaType == "application/json"
                ? await response.Content.ReadFromJsonAsync<DaemonError>(cancellationToken)
                : null;
            throw new DaemonException(error?.Message ?? $"{path}: {(int)response.StatusCode}");
        }
    }
}
