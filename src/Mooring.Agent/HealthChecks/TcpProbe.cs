using System.Net.Sockets;

namespace Mooring.Agent.HealthChecks;

/// <summary>Passes when a TCP connection is accepted; closes it at once by reset, so that no TIME_WAIT piles up.</summary>
internal sealed class TcpProbe(TimeProvider timeProvider) : IHealthProbe
{
    public async Task<ProbeOutcome> ProbeAsync(HealthCheckTarget target, CancellationToken cancellationToken)
    {
        var endPoint = target.ProbeEndPoint;
        using var timeout = new CancellationTokenSource(target.Check.Timeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        try
        {
            await socket.ConnectAsync(endPoint, either.Token).ConfigureAwait(false);
            return ProbeOutcome.Passed;
        }
        catch (SocketException exception)
        {
            return ProbeOutcome.Failed(SocketFailure.Describe(exception, endPoint));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ProbeOutcome.Failed($"no connection to {endPoint} within {Duration.Format(target.Check.Timeout)}");
        }
    }
}
