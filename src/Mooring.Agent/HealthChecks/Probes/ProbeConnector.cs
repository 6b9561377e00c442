using System.Net.Security;
using System.Net.Sockets;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>Opens the connections of checks.</summary>
internal sealed class ProbeConnector(ProbeSource source, TimeProvider timeProvider)
{
    /// <summary>The connection, or why there is none.</summary>
    public async Task<(ProbeConnection? Connection, string Failure)> OpenAsync(
        HealthCheckTarget target, SslApplicationProtocol? protocol, CancellationToken deadline)
    {
        var endPoint = target.ProbeEndPoint;
        ProbeConnection? connection = null;
        var failure = "";
        try
        {
            var socket = source.Open(endPoint, SocketType.Stream, ProtocolType.Tcp);
            connection = new ProbeConnection(socket);
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            await socket.ConnectAsync(endPoint, deadline).ConfigureAwait(false);
            if (target.Check.Tls is { } tls)
            {
                failure = await connection.SecureAsync(target, tls, protocol, timeProvider, deadline).ConfigureAwait(false);
            }
        }
        catch (SocketException exception)
        {
            failure = SocketFailure.Describe(exception, endPoint);
        }
        catch (OperationCanceledException)
        {
            failure = $"no connection to {endPoint} within {Duration.Format(target.Check.Timeout)}";
        }

        if (failure.Length == 0)
        {
            return (connection, "");
        }

        connection?.Dispose();
        return (null, failure);
    }
}
