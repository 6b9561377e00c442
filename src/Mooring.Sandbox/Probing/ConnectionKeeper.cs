using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Mooring.Sandbox.Probing;

/// <summary>
/// Keeps many connections to TCP echoes open, sends random bytes on each again and again and compares what comes back.
/// </summary>
internal sealed class ConnectionKeeper(HoldOptions options, TimeProvider time)
{
    private const int MessageLength = 1200;
    private const int MaxGreeting = 200;

    /// <param name="opened">Called once all connections are open and in use.</param>
    public async Task<HoldReport> RunAsync(Action opened, CancellationToken cancellationToken)
    {
        var kept = await Task.WhenAll(Enumerable.Range(0, options.Connections).Select(_ => OpenAsync(cancellationToken)));
        var start = time.GetTimestamp();
        opened();
        await Task.WhenAll(kept.Select((one, index) => UseAsync(one, index, start, cancellationToken)));
        foreach (var one in kept)
        {
            one.Socket?.Dispose();
        }

        var greeted = kept.Where(one => one.Pod.Length > 0).ToArray();
        var lost = kept.Where(one => one.Error is not null).ToArray();
        return new HoldReport(
            greeted.Length,
            kept.Length - lost.Length,
            kept.Sum(one => one.Exchanges),
            kept.Max(one => one.LongestStall.TotalMilliseconds),
            Count(greeted.Select(one => one.Pod)),
            Count(lost.Select(one => one.Pod)),
            Count(lost.Select(one => one.Error!)),
            Count(greeted.Select(one => one.Client)));
    }

    private static SortedDictionary<string, int> Count(IEnumerable<string> values) =>
        new(values.CountBy(value => value).ToDictionary(), StringComparer.Ordinal);

    private async Task<Kept> OpenAsync(CancellationToken cancellationToken)
    {
        var kept = new Kept();
        await kept.TryAsync(options.Patience, cancellationToken, async limit =>
        {
            kept.Socket = new Socket(options.Target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await kept.Socket.ConnectAsync(options.Target, limit);
            var greeting = new byte[MaxGreeting];
            var length = 0;
            while (length == 0 || greeting[length - 1] != (byte)'\n')
            {
                var read = await kept.Socket.ReceiveAsync(greeting.AsMemory(length), limit);
                length += read > 0 ? read : throw new EndOfStreamException("closed before its greeting");
            }

            var words = Encoding.ASCII.GetString(greeting, 0, length - 1).Split(' ');
            (kept.Pod, kept.Client) = (words[0], words[1][..words[1].LastIndexOf(':')]);
        });
        return kept;
    }

    private async Task UseAsync(Kept kept, int index, long start, CancellationToken cancellationToken)
    {
        // Spread over the interval, so that they do not send all at once.
        await Task.Delay(options.Interval * index / options.Connections, time, cancellationToken);
        var sent = new byte[MessageLength];
        var received = new byte[MessageLength];
        while (kept.Error is null)
        {
            // The last exchange begins after the end, so that what counts as alive was alive then.
            var last = time.GetElapsedTime(start) > options.Duration;
            RandomNumberGenerator.Fill(sent);
            var began = time.GetTimestamp();
            await kept.TryAsync(options.Patience, cancellationToken, async limit =>
            {
                for (var at = 0; at < MessageLength;)
                {
                    at += await kept.Socket!.SendAsync(sent.AsMemory(at), limit);
                }

                for (var at = 0; at < MessageLength;)
                {
                    var read = await kept.Socket!.ReceiveAsync(received.AsMemory(at), limit);
                    at += read > 0 ? read : throw new EndOfStreamException("closed by the pod");
                }

                if (!sent.AsSpan().SequenceEqual(received))
                {
                    throw new InvalidDataException("other bytes than were sent");
                }

                kept.Exchanges++;
            });
            var took = time.GetElapsedTime(began);
            kept.LongestStall = took > kept.LongestStall ? took : kept.LongestStall;
            if (last)
            {
                return;
            }

            await Task.Delay(options.Interval, time, cancellationToken);
        }
    }

    private sealed class Kept
    {
        public Socket? Socket { get; set; }

        public string Pod { get; set; } = "";

        public string Client { get; set; } = "";

        public long Exchanges { get; set; }

        public TimeSpan LongestStall { get; set; }

        /// <summary>Why the connection is lost; null while it is not.</summary>
        public string? Error { get; private set; }

        public async Task TryAsync(TimeSpan patience, CancellationToken cancellationToken, Func<CancellationToken, Task> work)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(patience);
            try
            {
                await work(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                Error = "no answer";
            }
            catch (SocketException exception)
            {
                Error = exception.SocketErrorCode.ToString();
            }
            catch (Exception exception) when (exception is EndOfStreamException or InvalidDataException)
            {
                Error = exception.Message;
            }
        }
    }
}
