using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Controlling;

/// <summary>
/// Keeps a stream to a controller open. The agent works the same without it: snapshots that come are validated, put in
/// force, saved and acknowledged; what happens on the node is told.
/// </summary>
internal sealed partial class ControllerLink(
    IReadOnlyList<Uri> controllers,
    SnapshotKeeper snapshots,
    AgentReports reports,
    IAgentPresence presence,
    TimeProvider timeProvider,
    ILogger<ControllerLink> logger) : BackgroundService
{
    public const uint ProtocolVersion = 1;

    /// <summary>A dead controller is noticed after the delay and the timeout together.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    private readonly string _bootId = Guid.NewGuid().ToString("N");
    private readonly Backoff _backoff = new();
    private string _lastFailure = "";
    private volatile bool _connected;

    /// <summary>A controller has sent something on the stream that is open.</summary>
    public bool Connected => _connected;

    /// <summary>Gives what was said last, such as addresses handed over, a moment to be sent.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_connected)
        {
            await reports.DrainedAsync(cancellationToken).WaitAsync(LastWords, timeProvider, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var attempt = 0; !stoppingToken.IsCancellationRequested; attempt++)
        {
            var controller = controllers[attempt % controllers.Count];
            try
            {
                await RunStreamAsync(controller, stoppingToken).ConfigureAwait(false);
                Lost(controller, "the controller ended the stream");
            }
            catch (RpcException exception) when (!stoppingToken.IsCancellationRequested)
            {
                Lost(controller, $"{exception.StatusCode}: {exception.Status.Detail}");
            }
            catch (Exception exception) when (
                stoppingToken.IsCancellationRequested && exception is OperationCanceledException or RpcException)
            {
                // A call that this end cancels ends either way.
                return;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Faulted(logger, controller, exception);
            }
            finally
            {
                _connected = false;
                presence.ControllerConnected(false);
            }

            try
            {
                await Task.Delay(_backoff.Next(), timeProvider, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task RunStreamAsync(Uri controller, CancellationToken stoppingToken)
    {
        // A channel per attempt: the name is resolved anew, and another replica may answer.
        using var channel = GrpcChannel.ForAddress(controller, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
                ConnectTimeout = ConnectTimeout,
                KeepAlivePingDelay = PingDelay,
                KeepAlivePingTimeout = PingTimeout,
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = SnapshotLimits.MaxControllerMessageBytes,
        });
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        using var call = new AgentService.AgentServiceClient(channel).Connect(cancellationToken: ended.Token);
        reports.Begin();
        await call.RequestStream.WriteAsync(new AgentMessage { Hello = Hello() }, ended.Token).ConfigureAwait(false);

        var sending = SendAsync(call.RequestStream, ended.Token);
        try
        {
            await ReceiveAsync(controller, call.ResponseStream, ended.Token).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Hello Hello()
    {
        var hello = presence.Describe();
        hello.BootId = _bootId;
        hello.ProtocolVersion = ProtocolVersion;
        hello.AppliedRevision = snapshots.Current.Revision;
        hello.Slots.AddRange(SlotReports.ToProto(snapshots.Current));
        hello.Weights.AddRange(WeightReports.ToProto(snapshots.Current));
        return hello;
    }

    private async Task SendAsync(IClientStreamWriter<AgentMessage> writer, CancellationToken cancellationToken)
    {
        while (true)
        {
            var message = await reports.TakeAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await writer.WriteAsync(message, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                // The reader sees the same failure and ends the stream.
                reports.PutBack(message);
                throw;
            }

            reports.Sent();
        }
    }

    private async Task ReceiveAsync(
        Uri controller, IAsyncStreamReader<ControllerMessage> reader, CancellationToken cancellationToken)
    {
        var first = true;
        while (await reader.MoveNext(cancellationToken).ConfigureAwait(false))
        {
            if (first)
            {
                first = false;
                _lastFailure = "";
                _connected = true;
                Log.Connected(logger, controller);
                presence.ControllerConnected(true);
            }

            if (!await TakeAsync(reader.Current, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <returns>False when the stream has to start over, as the two sides disagree on the snapshot in force.</returns>
    private async Task<bool> TakeAsync(ControllerMessage message, CancellationToken cancellationToken)
    {
        var current = snapshots.Current;
        switch (message.MessageCase)
        {
            case ControllerMessage.MessageOneofCase.Snapshot:
                await TakeAsync(
                    message.Snapshot.Revision,
                    SnapshotMapping.ToCore(message.Snapshot, current.Revision),
                    cancellationToken).ConfigureAwait(false);
                return true;
            case ControllerMessage.MessageOneofCase.Delta when message.Delta.BaseRevision != current.Revision:
                Log.OtherBase(logger, message.Delta.BaseRevision, current.Revision);
                return false;
            case ControllerMessage.MessageOneofCase.Delta:
                await TakeAsync(
                    message.Delta.Revision, SnapshotDiff.Apply(current, message.Delta), cancellationToken)
                    .ConfigureAwait(false);
                return true;
            default:
                // A newer controller may say more than this agent knows.
                Log.UnknownMessage(logger, message.MessageCase);
                return true;
        }
    }

    private async Task TakeAsync(ulong revision, SnapshotResult result, CancellationToken cancellationToken)
    {
        var ack = new Ack { Revision = revision, Applied = result.Accepted };
        if (result.Accepted)
        {
            ack.Problems.AddRange(await snapshots.TakeAsync(result.Snapshot, cancellationToken).ConfigureAwait(false));
            _backoff.Reset();
        }
        else
        {
            ack.Problems.AddRange(result.Problems);
            Log.Refused(logger, revision, string.Join("; ", result.Problems.Select(p => $"{p.Object} {p.Field} {p.Message}")));
        }

        reports.Add(ack);
    }

    private void Lost(Uri controller, string reason)
    {
        // While a controller is away the same failure comes every few seconds; it is news only once.
        if (reason != _lastFailure)
        {
            Log.NotConnected(logger, controller, reason);
        }

        _lastFailure = reason;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Connected to controller {Controller}")]
        public static partial void Connected(ILogger logger, Uri controller);

        [LoggerMessage(LogLevel.Warning, "Not connected to controller {Controller}: {Reason}. Working from the last snapshot")]
        public static partial void NotConnected(ILogger logger, Uri controller, string reason);

        [LoggerMessage(LogLevel.Error, "The stream to controller {Controller} failed")]
        public static partial void Faulted(ILogger logger, Uri controller, Exception exception);

        [LoggerMessage(LogLevel.Warning, "Delta from revision {Base} does not fit revision {Revision}: asking for the whole snapshot")]
        public static partial void OtherBase(ILogger logger, ulong @base, ulong revision);

        [LoggerMessage(LogLevel.Warning, "Snapshot {Revision} refused, the last good one stays in force: {Problems}")]
        public static partial void Refused(ILogger logger, ulong revision, string problems);

        [LoggerMessage(LogLevel.Debug, "Message {Kind} is not known to this agent")]
        public static partial void UnknownMessage(ILogger logger, ControllerMessage.MessageOneofCase kind);
    }
}
