using System.Globalization;
using System.Net;
using System.Threading.Channels;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Client;

namespace Mooring.Kubernetes.Events;

/// <summary>Sends Events in the background, one at a time, from a bounded queue.</summary>
public sealed partial class EventRecorder : BackgroundService, IEventRecorder
{
    /// <summary>A DNS subdomain's 253 without the dot and the sixteen digits that make the name unique.</summary>
    private const int MaxNamePrefix = 253 - 17;

    private readonly IKubernetesClient _client;
    private readonly EventRecorderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<EventRecorder> _logger;
    private readonly KubernetesMetrics? _metrics;
    private readonly string _instance;
    private readonly Channel<RecordedEvent> _queue;
    private readonly EventCorrelator _correlator;

    public EventRecorder(
        IKubernetesClient client,
        EventRecorderOptions options,
        TimeProvider time,
        ILogger<EventRecorder> logger,
        KubernetesMetrics? metrics = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _client = client;
        _options = options;
        _time = time;
        _logger = logger;
        _metrics = metrics;
        _instance = options.Instance ?? Environment.MachineName;
        _correlator = new EventCorrelator(options, time);
        _queue = Channel.CreateBounded<RecordedEvent>(
            new BoundedChannelOptions(options.QueueLength) { SingleReader = true });
    }

    public void Record(IKubernetesObject<V1ObjectMeta> about, string type, string reason, string message)
    {
        if (about?.Metadata?.Name is null || string.IsNullOrEmpty(reason))
        {
            Log.Unusable(_logger, reason);
            return;
        }

        var recorded = new RecordedEvent(Reference(about), type, reason, EventMessage.Cut(message ?? ""), Now());
        if (!_queue.Writer.TryWrite(recorded))
        {
            _metrics?.EventHandled("dropped");
            Log.QueueFull(_logger, reason, about.Metadata.Name);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (ExecuteTask is { IsCanceled: true })
        {
            // Stopped before it began: what is in the queue is sent all the same.
            await ExecuteAsync(new CancellationToken(canceled: true));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Events recorded on the way down (a holder changing) are the ones most asked for: the queue is emptied
        // even after the stop, for a bounded time.
        using var drained = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        await using var stopping = stoppingToken.Register(() =>
        {
            _queue.Writer.TryComplete();
            drained.CancelAfter(_options.DrainTimeout);
        });
        try
        {
            await foreach (var recorded in _queue.Reader.ReadAllAsync(drained.Token))
            {
                await HandleAsync(recorded, drained.Token);
            }
        }
        catch (OperationCanceledException) when (drained.IsCancellationRequested)
        {
            Log.Undelivered(_logger, _queue.Reader.Count);
        }
    }

    private async Task HandleAsync(RecordedEvent recorded, CancellationToken cancellationToken)
    {
        if (_correlator.Correlate(recorded) is not { } told)
        {
            _metrics?.EventHandled("limited");
            Log.Limited(_logger, recorded.Reason, recorded.Object);
            return;
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                _correlator.Sent(told, await SendAsync(told, cancellationToken));
                _metrics?.EventHandled("sent");
                return;
            }
            catch (HttpRequestException e) when (attempt < _options.Attempts)
            {
                Log.Retrying(_logger, e, recorded.Reason, recorded.Object);
            }
            catch (Exception e) when (e is HttpRequestException or KubernetesException or ArgumentException)
            {
                _metrics?.EventHandled("failed");
                Log.Failed(_logger, e, recorded.Reason, recorded.Object);
                return;
            }

            await Task.Delay(
                _options.RetryDelay * attempt * (0.5 + Random.Shared.NextDouble()), _time, cancellationToken);
        }
    }

    /// <returns>The name that the server has it under.</returns>
    private async Task<string> SendAsync(CorrelatedEvent told, CancellationToken cancellationToken)
    {
        if (told.Seen.Name is { } name)
        {
            var change = new EventRepetition(told.Seen.Count, told.Recorded.At, told.Message);
            var patch = new V1Patch(KubernetesJson.Serialize(change), V1Patch.PatchType.MergePatch);
            try
            {
                await _client.PatchAsync<Corev1Event>(
                    patch, name, NamespaceOf(told.Recorded.Object), cancellationToken: cancellationToken);
                return name;
            }
            catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.NotFound)
            {
                // Events live for an hour; this one is told anew, and goes on counting.
            }
        }

        var created = Event(told);
        await _client.CreateAsync(created, cancellationToken);
        return created.Metadata.Name!;
    }

    private static string NamespaceOf(EventObject about) => about.Namespace.Length == 0 ? "default" : about.Namespace;

    private Corev1Event Event(CorrelatedEvent told)
    {
        var recorded = told.Recorded;
        var name = recorded.Object.Name;
        var prefix = name.Length <= MaxNamePrefix ? name : name[..MaxNamePrefix].TrimEnd('.', '-');
        var unique = Random.Shared.NextInt64().ToString("x16", CultureInfo.InvariantCulture);
        return new Corev1Event
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"{prefix}.{unique}",
                NamespaceProperty = NamespaceOf(recorded.Object),
            },
            InvolvedObject = recorded.About,
            Type = recorded.Type,
            Reason = recorded.Reason,
            Message = told.Message,
            Source = new V1EventSource { Component = _options.Component, Host = _instance },
            ReportingComponent = _options.Component,
            ReportingInstance = _instance,
            Count = told.Seen.Count,
            FirstTimestamp = told.Seen.FirstAt,
            LastTimestamp = recorded.At,
        };
    }

    private static V1ObjectReference Reference(IKubernetesObject<V1ObjectMeta> about)
    {
        var named = about.GetType().IsDefined(typeof(KubernetesEntityAttribute), inherit: false)
            ? EntityDefinition.Of(about.GetType())
            : null;
        return new V1ObjectReference
        {
            ApiVersion = about.ApiVersion ?? named?.ApiVersion,
            Kind = about.Kind ?? named?.Kind,
            NamespaceProperty = about.Metadata.NamespaceProperty,
            Name = about.Metadata.Name,
            Uid = about.Metadata.Uid,
            ResourceVersion = about.Metadata.ResourceVersion,
        };
    }

    private DateTime Now()
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "An Event without an object's name or a reason ({Reason}) was ignored")]
        public static partial void Unusable(ILogger logger, string? reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Dropped Event {Reason} about {Name}: too many are waiting")]
        public static partial void QueueFull(ILogger logger, string reason, string name);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Dropped Event {Reason}: too many about {About}")]
        public static partial void Limited(ILogger logger, string reason, EventObject about);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Event {Reason} about {About} could not be sent; it is tried again")]
        public static partial void Retrying(ILogger logger, Exception exception, string reason, EventObject about);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Event {Reason} about {About} could not be sent")]
        public static partial void Failed(ILogger logger, Exception exception, string reason, EventObject about);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Stopped with {Count} Events unsent")]
        public static partial void Undelivered(ILogger logger, int count);
    }
}
