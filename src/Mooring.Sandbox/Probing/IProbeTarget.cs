using System.Net;
using System.Net.Sockets;

namespace Mooring.Sandbox.Probing;

/// <summary>One way to ask: a new connection, one answer.</summary>
internal interface IProbeTarget
{
    /// <param name="begun">Told the port that is asked from, before anything is sent.</param>
    /// <param name="cancellationToken">Gives the request up.</param>
    /// <returns>Name of the pod that answered, empty when the answer does not say.</returns>
    /// <exception cref="ProbeFailedException">There was an answer, and it was not a good one.</exception>
    Task<string> AskAsync(Action<int>? begun, CancellationToken cancellationToken);

    /// <summary>Gives the socket a port of its own.</summary>
    static Socket Bind(Socket socket, Action<int>? begun)
    {
        socket.Bind(new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
        begun?.Invoke(((IPEndPoint)socket.LocalEndPoint!).Port);
        return socket;
    }
}
