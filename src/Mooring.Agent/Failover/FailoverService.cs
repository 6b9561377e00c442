using System.Collections.Immutable;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Speaker;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Failover;

/// <summary>
/// Decides which addresses this node answers for, together with the other nodes' agents, and tells the speaker. Inputs
/// may come before the start, from any thread, in any order; they never block.
/// </summary>
/// <remarks>
/// It claims nothing before it has both a snapshot and the node's interfaces. Stop it before the speaker: its stop hands
/// the held addresses over and returns when that is done, or after <see cref="FailoverOptions.StopTimeout"/>.
/// </remarks>
internal sealed partial class FailoverService : BackgroundService
{
    /// <summary>Events a slow subscriber may be behind before it loses the oldest; it can read <see cref="States"/>.</summary>
    private const int EventBacklog = 4096;

    private readonly FailoverOptions _options;
    private readonly ISpeaker _speaker;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<FailoverService> _logger;
    private readonly TermStore _terms;
    private readonly FailoverLoop _loop;
    private ImmutableList<Channel<FailoverEvent>> _subscribers = [];

    public FailoverService(
        FailoverOptions options,
        ISpeaker speaker,
        HeartbeatSocketFactory openSocket,
        FailoverMetrics metrics,
        TimeProvider timeProvider,
        ILoggerFactory loggers)
    {
        _options = options;
        _speaker = speaker;
        _timeProvider = timeProvider;
        _logger = loggers.CreateLogger<FailoverService>();
        _terms = TermStore.Open(options.TermFile, timeProvider, loggers.CreateLogger<TermStore>());
        _loop = new FailoverLoop(options, speaker, _terms, openSocket, metrics, timeProvider, _logger, Publish);
    }

    /// <summary>Every address this node is a candidate for or answers for, as of the last change.</summary>
    public IReadOnlyList<AddressRoleState> States => _loop.States;

    public void ApplySnapshot(ClusterSnapshot snapshot) => _loop.Post(new FailoverInput.Snapshot(snapshot));

    public void SetControllerConnected(bool connected) => _loop.Post(new FailoverInput.Controller(connected));

    /// <summary>The gateway that <paramref name="interfaceName"/> leads to was heard, or fell silent.</summary>
    /// <param name="interfaceName">Name of the interface.</param>
    /// <param name="family">For the addresses of which family it is the gateway.</param>
    /// <param name="reachable">
    /// Null when no gateway is known, or none that was ever heard: an isolated holder then keeps its addresses.
    /// </param>
    public void SetGatewayReachable(string interfaceName, AddressFamily family, bool? reachable) =>
        _loop.Post(new FailoverInput.Gateway(interfaceName, family, reachable));

    public void InterfacesChanged(IReadOnlyList<NodeInterface> interfaces) =>
        _loop.Post(new FailoverInput.Interfaces([.. interfaces]));

    /// <summary>A reader of its own for every caller, of all that happens from now on.</summary>
    public ChannelReader<FailoverEvent> Subscribe()
    {
        var channel = Channel.CreateBounded<FailoverEvent>(
            new BoundedChannelOptions(EventBacklog) { FullMode = BoundedChannelFullMode.DropOldest, SingleWriter = true });
        ImmutableInterlocked.Update(ref _subscribers, static (list, added) => list.Add(added), channel);
        return channel.Reader;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        if (ExecuteTask is null)
        {
            return;
        }

        // Withdrawing must finish, so it has a bound of its own and does not look at the token.
        _loop.Post(new FailoverInput.Stop());
        try
        {
            await _loop.Completion.WaitAsync(_options.StopTimeout, _timeProvider, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Log.StopTimedOut(_logger, _options.StopTimeout);
            _loop.Post(new FailoverInput.Abort());
        }

        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends at once, without handing over, as a crash would. For tests.</summary>
    public async Task AbortAsync()
    {
        _loop.Post(new FailoverInput.Abort());
        await _loop.Completion.ConfigureAwait(false);
        await base.StopAsync(CancellationToken.None).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _loop.Post(new FailoverInput.Abort());
        _terms.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _loop.Start();
        var claims = ForwardClaimsAsync(stoppingToken);
        try
        {
            await _loop.Completion.ConfigureAwait(false);
        }
        finally
        {
            foreach (var subscriber in _subscribers)
            {
                subscriber.Writer.TryComplete();
            }
        }

        await claims.ConfigureAwait(false);
    }

    private async Task ForwardClaimsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var claim in _speaker.Claims.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                _loop.Post(new FailoverInput.ObservedClaim(claim.Address, claim.MacAddress));
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping: nobody is interested in conflicts any more.
        }
    }

    private void Publish(FailoverEvent told)
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber.Writer.TryWrite(told);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Addresses were not handed over within {StopTimeout}")]
        public static partial void StopTimedOut(ILogger logger, TimeSpan stopTimeout);
    }
}
