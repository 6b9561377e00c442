using System.Buffers;
using System.Net.Sockets;
using Mooring.Core.Health;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>Passes when a datagram is answered by one that matches. Silence is a failure: it cannot be told from a lost answer.</summary>
internal sealed class UdpProbe(ProbeSource source) : IHealthProbe
{
    /// <summary>Largest datagram there is, so that a match is not cut.</summary>
    private const int MaxDatagram = 65_535;

    public async Task<ProbeOutcome> ProbeAsync(HealthCheckTarget target, CancellationToken deadline)
    {
        var (check, endPoint) = (target.Check, target.ProbeEndPoint);
        if (check.Udp is not { } udp)
        {
            return ProbeOutcome.Failed("the check has nothing to send");
        }

        var buffer = ArrayPool<byte>.Shared.Rent(MaxDatagram);
        try
        {
            using var socket = source.Open(endPoint, SocketType.Dgram, ProtocolType.Udp);

            // Connected: answers of others do not come in, and ICMP errors do.
            await socket.ConnectAsync(endPoint, deadline).ConfigureAwait(false);
            await socket.SendAsync(udp.Payload.AsMemory(), SocketFlags.None, deadline).ConfigureAwait(false);
            var length = await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, deadline).ConfigureAwait(false);
            return udp.Expected is not { } expected || Matches(expected, buffer.AsSpan(0, length))
                ? ProbeOutcome.Passed
                : ProbeOutcome.Failed($"answer of {length} bytes from {endPoint} does not match {expected}");
        }
        catch (SocketException exception)
        {
            return ProbeOutcome.Failed(SocketFailure.Describe(exception, endPoint));
        }
        catch (OperationCanceledException)
        {
            return ProbeOutcome.Failed($"no answer from {endPoint} within {Duration.Format(check.Timeout)}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool Matches(string expected, ReadOnlySpan<byte> answer) =>
        AnswerPattern.Shared(expected).IsMatchOfBytes(answer);
}
