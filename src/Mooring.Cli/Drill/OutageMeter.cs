using System.Net;
using System.Net.Sockets;

namespace Mooring.Cli.Drill;

/// <summary>Connects over and over, and measures the longest time in which nobody answered.</summary>
internal sealed class OutageMeter(IPEndPoint target, TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    /// <summary>Below the kernel's first retransmission of a SYN at 1 s: each connection is one question.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);

    public int Attempts { get; private set; }

    public int Failures { get; private set; }

    /// <summary>From the last connection that succeeded to the next one, for the longest such time with failures in between.</summary>
    public TimeSpan LongestOutage { get; private set; }

    /// <summary>Asks until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var succeeded = time.GetTimestamp();
        var failing = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            var asked = time.GetTimestamp();
            var answered = await AskAsync(cancellationToken).ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested)
            {
                break;
            }

            Attempts++;
            Failures += answered ? 0 : 1;
            failing |= !answered;
            if (answered)
            {
                var gap = time.GetElapsedTime(succeeded);
                LongestOutage = failing && gap > LongestOutage ? gap : LongestOutage;
                succeeded = time.GetTimestamp();
                failing = false;
            }

            var rest = Interval - time.GetElapsedTime(asked);
            if (rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        var open = time.GetElapsedTime(succeeded);
        LongestOutage = failing && open > LongestOutage ? open : LongestOutage;
    }

    private async Task<bool> AskAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        try
        {
            await socket.ConnectAsync(target, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
