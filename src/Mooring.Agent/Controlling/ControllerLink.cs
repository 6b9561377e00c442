using System.Security.Authentication;
using Grpc.Core;
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
    ControllerChannels channels,
    SnapshotKeeper snapshots,
    AgentReports reports,
    IAgentPresence presence,
    ControllerLinkMetrics metrics,
    TimeProvider timeProvider,
    ILogger<ControllerLink> logger) : BackgroundService
{
    public const uint ProtocolVersion = 1;

    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    /// <summary>How often to look whether the kubelet has renewed the token; it does so minutes before the old one ends.</summary>
    internal TimeSpan TokenInterval { get; init; } = TimeSpan.FromSeconds(30);

    private readonly string _bootId = Guid.NewGuid().ToString("N");
    private readonly Backoff _backoff = new();
    private string _lastFailure = "";
    private volatile bool _connected;
    private volatile bool _open;

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
        snapshots.ProblemsChanged += ReportProblems;
        try
        {
            await RunAsync(stoppingToken).ConfigureAwait(false);
        }
        finally
        {
            snapshots.ProblemsChanged -= ReportProblems;
        }
    }

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        for (var attempt = 0; !stoppingToken.IsCancellationRequested; attempt++)
        {
            var controller = controllers[attempt % controllers.Count];
            try
            {
                await RunStreamAsync(controller, stoppingToken).ConfigureAwait(false);
                Lost(controller, "Ended", "the controller ended the stream");
            }
            catch (RpcException exception) when (!stoppingToken.IsCancellationRequested)
            {
                Lost(controller, ReasonOf(exception), $"{exception.StatusCode}: {exception.Status.Detail}");
            }
            catch (ControllerCredentialsException exception)
            {
                Lost(controller, "Credentials", exception.Message);
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
        using var channel = channels.Open(controller);
        var token = channels.Token(controller);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        using var call = new AgentService.AgentServiceClient(channel).Connect(
            ControllerChannels.Headers(token), cancellationToken: ended.Token);
        reports.Begin();
        _open = true;
        if (!snapshots.Problems.IsEmpty)
        {
            ReportProblems();
        }

        await call.RequestStream.WriteAsync(new AgentMessage { Hello = Hello() }, ended.Token).ConfigureAwait(false);

        var sending = Task.WhenAll(SendAsync(call.RequestStream, ended.Token), RenewTokenAsync(controller, token, ended.Token));
        try
        {
            await ReceiveAsync(controller, call.ResponseStream, ended.Token).ConfigureAwait(false);
        }
        finally
        {
            _open = false;
            await ended.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What is wrong with the snapshot in force has changed: it is acknowledged once more.</summary>
    private void ReportProblems()
    {
        if (_open)
        {
            reports.Add(new Ack { Revision = snapshots.Current.Revision, Applied = true, Problems = { snapshots.Problems } });
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

    /// <summary>Streams outlive tokens: the controller is told the new one.</summary>
    private async Task RenewTokenAsync(Uri controller, string? told, CancellationToken cancellationToken)
    {
        while (told is not null)
        {
            await Task.Delay(TokenInterval, timeProvider, cancellationToken).ConfigureAwait(false);
            try
            {
                if (channels.Token(controller) is { } token && token != told)
                {
                    told = token;
                    reports.Set(new Credential { Token = token });
                }
            }
            catch (ControllerCredentialsException exception)
            {
                // The one that was told is good for a while.
                Log.NoToken(logger, exception.Message);
            }
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
                    delta: null,
                    cancellationToken).ConfigureAwait(false);
                return true;
            case ControllerMessage.MessageOneofCase.Delta when message.Delta.BaseRevision != current.Revision:
                Log.OtherBase(logger, message.Delta.BaseRevision, current.Revision);
                return false;
            case ControllerMessage.MessageOneofCase.Delta:
                await TakeAsync(
                    message.Delta.Revision, SnapshotDiff.Apply(current, message.Delta), message.Delta, cancellationToken)
                    .ConfigureAwait(false);
                return true;
            case ControllerMessage.MessageOneofCase.Probe:
                _ = ProbeAsync(message.Probe, cancellationToken);
                return true;
            default:
                // A newer controller may say more than this agent knows.
                Log.UnknownMessage(logger, message.MessageCase);
                return true;
        }
    }

    /// <summary>Beside the stream: what the controller says meanwhile does not wait for answers from the network.</summary>
    private async Task ProbeAsync(AddressProbe probe, CancellationToken cancellationToken)
    {
        try
        {
            reports.Add(await presence.ProbeAsync(probe, cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The stream has ended, and with it the question.
        }
    }

    private async Task TakeAsync(ulong revision, SnapshotResult result, Delta? delta, CancellationToken cancellationToken)
    {
        var ack = new Ack { Revision = revision, Applied = result.Accepted };
        if (result.Accepted)
        {
            ack.Problems.AddRange(await snapshots.TakeAsync(result.Snapshot, delta, cancellationToken).ConfigureAwait(false));
            _backoff.Reset();
        }
        else
        {
            ack.Problems.AddRange(result.Problems);
            Log.Refused(logger, revision, string.Join("; ", result.Problems.Select(p => $"{p.Object} {p.Field} {p.Message}")));
        }

        reports.Add(ack);
    }

    /// <summary>A controller whose certificate is not accepted is told apart from one that is away.</summary>
    private static string ReasonOf(RpcException exception)
    {
        for (var inner = exception.Status.DebugException; inner is not null; inner = inner.InnerException)
        {
            if (inner is AuthenticationException)
            {
                return "Certificate";
            }
        }

        return exception.StatusCode.ToString();
    }

    private void Lost(Uri controller, string kind, string reason)
    {
        metrics.Failed(kind);

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

        [LoggerMessage(LogLevel.Warning, "The token could not be renewed: {Problem}")]
        public static partial void NoToken(ILogger logger, string problem);

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
