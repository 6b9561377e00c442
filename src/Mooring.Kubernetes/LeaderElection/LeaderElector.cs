using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Client;

namespace Mooring.Kubernetes.LeaderElection;

/// <summary>
/// Leads while it holds a Lease, by client-go's rules. Clocks of the machines are never compared: a candidate
/// takes a lease only after watching it unchanged for its whole duration by its own monotonic clock, and a leader
/// that has not renewed for <see cref="LeaderElectionOptions.RenewDeadline"/> stops before that can have happened.
/// </summary>
public sealed partial class LeaderElector
{
    private readonly LeaseRecord _lease;
    private readonly LeaderElectionOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaderElector> _logger;
    private readonly KubernetesMetrics? _metrics;

    /// <exception cref="ArgumentException">Options out of range; names each of them.</exception>
    public LeaderElector(
        IKubernetesClient client,
        LeaderElectionOptions options,
        TimeProvider time,
        ILogger<LeaderElector> logger,
        KubernetesMetrics? metrics = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true))
        {
            throw new ArgumentException(
                string.Join("; ", problems.Select(problem => problem.ErrorMessage)), nameof(options));
        }

        _options = options;
        _time = time;
        _logger = logger;
        _metrics = metrics;
        _lease = new LeaseRecord(client, options, time);
    }

    /// <summary>Raised by the election loop whenever another identity holds the lease. Handlers must not block.</summary>
    public event EventHandler<LeaderChangedEventArgs>? LeaderChanged;

    /// <summary>
    /// True while no other candidate can have taken the lease: false by itself, without any loop having run, once
    /// the renewal is overdue (a paused process asks this first when it wakes up).
    /// </summary>
    public bool IsLeader => _lease.IsHeld;

    /// <summary>Who held the lease when it was last seen; null for nobody.</summary>
    public string? LeaderIdentity { get; private set; }

    /// <summary>
    /// Runs <paramref name="lead"/> each time this candidate is elected. Its token is cancelled when leadership is lost
    /// or the stop is asked for, and the next election waits for it to return. Ends when cancelled, when
    /// <paramref name="lead"/> returns by itself, or with what it throws; the lease is released then.
    /// </summary>
    public async Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lead);
        try
        {
            var ended = false;
            while (!ended)
            {
                await AcquireAsync(cancellationToken);
                ended = await LeadAsync(lead, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The stop that was asked for.
        }
        finally
        {
            await ReleaseAsync();
        }
    }

    private async Task AcquireAsync(CancellationToken cancellationToken)
    {
        Log.Waiting(_logger, _options.Identity, _options.LeaseNamespace, _options.LeaseName);
        var failing = false;
        while (true)
        {
            var held = false;
            try
            {
                held = await TryAsync(_options.RenewDeadline, cancellationToken);
                failing = false;
            }
            catch (Exception e) when (IsFault(e, cancellationToken))
            {
                Log.Failed(_logger, failing ? LogLevel.Debug : LogLevel.Warning, e, _options.LeaseName);
                failing = true;
            }

            if (held)
            {
                return;
            }

            var jitter = 1 + (LeaderElectionOptions.JitterFactor * Random.Shared.NextDouble());
            await Task.Delay(_options.RetryPeriod * jitter, _time, cancellationToken);
        }
    }

    /// <returns>True when there is nothing left to lead.</returns>
    private async Task<bool> LeadAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        Log.Elected(_logger, _options.Identity, _options.LeaseNamespace, _options.LeaseName);
        _metrics?.LeadershipChanged(_options.LeaseName, leading: true);
        using var leading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var renewing = new CancellationTokenSource();
        var work = Task.Run(() => lead(leading.Token), CancellationToken.None);
        var renewal = RenewAsync(renewing.Token);
        try
        {
            if (await Task.WhenAny(work, renewal) == work)
            {
                return true;
            }

            Log.Lost(_logger, _options.Identity, _options.LeaseNamespace, _options.LeaseName);
            return false;
        }
        finally
        {
            // The lease is renewed, stop or no stop, until the work has ended: nobody else may begin before that.
            await leading.CancelAsync();
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await renewing.CancelAsync();
            await renewal;
            _metrics?.LeadershipChanged(_options.LeaseName, leading: false);
            await EndAsync(work, leading.Token);
        }
    }

    /// <summary>Throws what the work threw, but for the cancellation it was asked for.</summary>
    private static async Task EndAsync(Task work, CancellationToken asked)
    {
        try
        {
            await work;
        }
        catch (OperationCanceledException) when (asked.IsCancellationRequested)
        {
            // Stopped as asked.
        }
    }

    /// <summary>Ends, without an exception, when the lease is lost or the token cancelled.</summary>
    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        var failing = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                // No jitter, and never beyond the deadline.
                var left = _options.RenewDeadline - _lease.SinceRenewal;
                await Task.Delay(
                    left < _options.RetryPeriod && left > TimeSpan.Zero ? left : _options.RetryPeriod,
                    _time,
                    cancellationToken);
                left = _options.RenewDeadline - _lease.SinceRenewal;
                if (left <= TimeSpan.Zero)
                {
                    return;
                }

                // A conflict alone is no loss: somebody may have labelled the lease.
                await TryAsync(left, cancellationToken);
                failing = false;
                if (!IsLeader)
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (IsFault(e, cancellationToken))
            {
                Log.Failed(_logger, failing ? LogLevel.Debug : LogLevel.Warning, e, _options.LeaseName);
                failing = true;
            }
        }
    }

    private async Task<bool> TryAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await _lease.TryAcquireOrRenewAsync(either.Token);
        }
        finally
        {
            Observe();
        }
    }

    private async Task ReleaseAsync()
    {
        if (!_options.ReleaseOnCancel || !IsLeader)
        {
            return;
        }

        try
        {
            // Deliberately not cancelled by the stop that leads here.
            using var deadline = new CancellationTokenSource(_options.RetryPeriod, _time);
            await _lease.ReleaseAsync(deadline.Token);
            Log.Released(_logger, _options.Identity, _options.LeaseNamespace, _options.LeaseName);
        }
        catch (Exception e) when (IsFault(e, CancellationToken.None))
        {
            // The next candidate waits the lease out.
            Log.Failed(_logger, LogLevel.Warning, e, _options.LeaseName);
        }
        finally
        {
            Observe();
        }
    }

    private void Observe()
    {
        if (_lease.Holder == LeaderIdentity)
        {
            return;
        }

        LeaderIdentity = _lease.Holder;
        Log.Observed(_logger, _options.LeaseNamespace, _options.LeaseName, LeaderIdentity ?? "nobody");
        LeaderChanged?.Invoke(this, new LeaderChangedEventArgs(LeaderIdentity));
    }

    /// <summary>The server's or the network's fault, or a deadline of ours, but not the stop we were asked for.</summary>
    private static bool IsFault(Exception e, CancellationToken asked) => e switch
    {
        HttpRequestException or KubernetesException => true,
        OperationCanceledException => !asked.IsCancellationRequested,
        _ => false,
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} waits for lease {Namespace}/{Lease}")]
        public static partial void Waiting(ILogger logger, string identity, string @namespace, string lease);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} leads by lease {Namespace}/{Lease}")]
        public static partial void Elected(ILogger logger, string identity, string @namespace, string lease);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Identity} lost lease {Namespace}/{Lease}")]
        public static partial void Lost(ILogger logger, string identity, string @namespace, string lease);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} released lease {Namespace}/{Lease}")]
        public static partial void Released(ILogger logger, string identity, string @namespace, string lease);

        [LoggerMessage(Level = LogLevel.Information, Message = "Lease {Namespace}/{Lease} is held by {Holder}")]
        public static partial void Observed(ILogger logger, string @namespace, string lease, string holder);

        [LoggerMessage(Message = "Lease {Lease} could not be read or written")]
        public static partial void Failed(ILogger logger, LogLevel level, Exception exception, string lease);
    }
}
