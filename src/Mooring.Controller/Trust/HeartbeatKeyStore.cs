using System.Collections.Immutable;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Controller.Agents;
using Mooring.Controller.World;
using Mooring.Core.Snapshots;
using Mooring.Kubernetes.Client;

namespace Mooring.Controller.Trust;

/// <summary>
/// Keeps the key that authenticates heartbeats in a Secret: makes it, and replaces it in time or on request, each step
/// when all agents have taken the one before.
/// </summary>
internal sealed partial class HeartbeatKeyStore(
    IKubernetesClient client,
    AgentRegistry agents,
    WorldReader world,
    IOptions<ControllerOptions> options,
    TimeProvider time,
    ILogger<HeartbeatKeyStore> logger)
{
    public const string SecretName = "mooring-heartbeat-key";

    /// <summary>
    /// An agent that is away may still be heard by the others. After this long it is not waited for: it hears nobody once
    /// they sign with a key that it does not know.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StepInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private HeartbeatKeyRing? _ring;
    private ImmutableArray<HeartbeatKey> _publishedKeys = [];
    private ulong _publishedFrom;
    private string _lastProblem = "";

    /// <summary>The key that signs, then the other one that is accepted if there is one.</summary>
    public ImmutableArray<HeartbeatKey> Current
    {
        get
        {
            lock (_gate)
            {
                return _ring?.Keys ?? [];
            }
        }
    }

    private string Namespace => options.Value.Namespace;

    /// <summary>Reads the keys before anything is published, and makes them when there are none.</summary>
    /// <exception cref="InvalidDataException">The Secret cannot be used; the message says why and what to do.</exception>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            (_ring, _publishedKeys, _publishedFrom) = (null, [], 0);
        }

        await LookAsync(cancellationToken);
    }

    /// <summary>Looks after the keys for as long as this replica leads.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            HeartbeatKeyRing.Step at;
            lock (_gate)
            {
                at = _ring?.At ?? default;
            }

            await Task.Delay(at == HeartbeatKeyRing.Step.None ? LookInterval : StepInterval, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await LookAsync(cancellationToken);
                _lastProblem = "";
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is KubernetesException or HttpRequestException or InvalidDataException)
            {
                // The keys known last stay in force; what fails again and again is said once.
                if (e.Message != _lastProblem)
                {
                    Log.Failed(logger, e.Message);
                }

                _lastProblem = e.Message;
            }
        }
    }

    /// <summary>A revision has gone out with these keys.</summary>
    public void Published(ImmutableArray<HeartbeatKey> keys, ulong revision)
    {
        lock (_gate)
        {
            if (!Same(keys, _publishedKeys))
            {
                (_publishedKeys, _publishedFrom) = (keys, revision);
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var secret = await client.GetAsync<V1Secret>(SecretName, Namespace, cancellationToken);
        var now = time.GetUtcNow();
        var ring = Read(secret, now);
        if (ring is not null)
        {
            // What somebody wrote by hand counts as well.
            Use(ring);
        }

        var requested = secret?.Metadata.Annotations?.ContainsKey(AuthorityStore.RotateAnnotation) == true;
        var next = ring?.Advance(now, options.Value.HeartbeatKeyLifetime, Patience, requested, IsEverywhere(ring.Keys))
            ?? HeartbeatKeyRing.Create(now);
        if (next == ring)
        {
            return;
        }

        await WriteAsync(secret, next, requested && next.At == HeartbeatKeyRing.Step.Announced, cancellationToken);
        Use(next);
        Log.Changed(
            logger,
            next.Signing.Id,
            ring is null ? "made" : next.At switch
            {
                HeartbeatKeyRing.Step.Announced => $"signs; {next.Other!.Id} is accepted from now on",
                HeartbeatKeyRing.Step.InUse => $"signs from now on; {next.Other!.Id} is still accepted",
                _ => "alone is accepted from now on",
            });
    }

    /// <exception cref="KubernetesException">Another was faster (409): what it wrote is read next time.</exception>
    private async Task WriteAsync(
        V1Secret? secret, HeartbeatKeyRing ring, bool answered, CancellationToken cancellationToken)
    {
        if (secret is null)
        {
            await client.CreateAsync(
                new V1Secret
                {
                    Metadata = new V1ObjectMeta { Name = SecretName, NamespaceProperty = Namespace },
                    Type = "Opaque",
                    Data = HeartbeatKeySecret.Write(ring),
                },
                cancellationToken);
            return;
        }

        secret.Data = HeartbeatKeySecret.Write(ring);
        if (answered)
        {
            secret.Metadata.Annotations?.Remove(AuthorityStore.RotateAnnotation);
        }

        await client.UpdateAsync(secret, cancellationToken);
    }

    /// <summary>Every agent of a Node that is there works by a revision with these keys.</summary>
    private bool IsEverywhere(ImmutableArray<HeartbeatKey> keys)
    {
        ulong from;
        lock (_gate)
        {
            if (_publishedFrom == 0 || !Same(keys, _publishedKeys))
            {
                return false;
            }

            from = _publishedFrom;
        }

        return agents.View().Agents.Values.All(agent => agent.AppliedRevision >= from || !world.HasNode(agent.Node));
    }

    private void Use(HeartbeatKeyRing ring)
    {
        lock (_gate)
        {
            var changed = _ring is null || !Same(ring.Keys, _ring.Keys);
            _ring = changed ? ring : ring with { Signing = _ring!.Signing, Other = _ring.Other };
            if (!changed)
            {
                return;
            }
        }

        agents.Changed.Raise();
    }

    private HeartbeatKeyRing? Read(V1Secret? secret, DateTimeOffset now)
    {
        try
        {
            var created = secret?.Metadata.CreationTimestamp is { } at
                ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)) : now;
            return HeartbeatKeySecret.Read(secret?.Data, created);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(
                $"Secret {Namespace}/{SecretName}: {e.Message}; delete the Secret to have a new one made", e);
        }
    }

    private static bool Same(ImmutableArray<HeartbeatKey> left, ImmutableArray<HeartbeatKey> right) =>
        left.Length == right.Length
        && left.Zip(right).All(pair => pair.First.Id == pair.Second.Id && pair.First.Secret.SequenceEqual(pair.Second.Secret));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Heartbeat key {Id} {Step}")]
        public static partial void Changed(ILogger logger, byte id, string step);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The heartbeat key could not be looked after, trying again: {Problem}")]
        public static partial void Failed(ILogger logger, string problem);
    }
}
