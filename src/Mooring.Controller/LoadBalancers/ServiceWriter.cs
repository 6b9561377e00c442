using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Core.Snapshots;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Events;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Controller.LoadBalancers;

/// <summary>Carries out the plans for Services, those of one Service one after the other.</summary>
internal sealed partial class ServiceWriter(
    IKubernetesClient client, AgentRegistry agents, IEventRecorder events, TimeProvider time, ILogger<ServiceWriter> logger)
{
    private const string FieldManager = "mooring-controller";
    private const int Workers = 8;

    /// <summary>What was written reaches the caches in this time, as a rule; a plan made before would repeat it.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<NamespacedName, ServicePlan> _plans = new();
    private readonly Dictionary<NamespacedName, string> _told = [];
    private WorkQueue<NamespacedName>? _queue;

    /// <summary>Has the plans carried out. One of a Service that is being worked on waits for the next look.</summary>
    public void Submit(ImmutableArray<ServicePlan> plans)
    {
        Tell(plans);
        foreach (var plan in plans)
        {
            if (!plan.IsEmpty && _plans.TryAdd(plan.Key, plan))
            {
                _queue?.Add(plan.Key);
            }
        }
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var queue = new WorkQueue<NamespacedName>(new WorkQueueOptions { Name = "services" }, time);
        _plans.Clear();
        _queue = queue;
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync(queue, cancellationToken)));
        }
        finally
        {
            _queue = null;
        }
    }

    private async Task WorkAsync(WorkQueue<NamespacedName> queue, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var key = await queue.GetAsync(cancellationToken);
                var pause = await TryWriteAsync(_plans[key], cancellationToken) ? Settle : FailureDelay;
                _ = RestAsync(queue, key, pause, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task RestAsync(
        WorkQueue<NamespacedName> queue, NamespacedName key, TimeSpan pause, CancellationToken cancellationToken)
    {
        await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        queue.Done(key);
        _plans.TryRemove(key, out _);
        agents.Changed.Raise();
    }

    private async Task<bool> TryWriteAsync(ServicePlan plan, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(plan, cancellationToken);
            return true;
        }
        catch (KubernetesException e) when (e.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict)
        {
            // The Service is gone, or changed meanwhile: the caches will say.
            Log.Outdated(logger, plan.Key, e.Message);
            return true;
        }
        catch (Exception e) when (e is KubernetesException or HttpRequestException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Log.Failed(logger, plan.Key, e.Message);
            return false;
        }
    }

    private async Task WriteAsync(ServicePlan plan, CancellationToken cancellationToken)
    {
        var finalizers = plan.Service.Metadata.Finalizers ?? [];
        if (plan.AddFinalizer)
        {
            await SetFinalizersAsync(plan, [.. finalizers, ServicePlanner.Finalizer], cancellationToken);
        }

        await Task.WhenAll(ApplyAsync(plan.ApplyPool, cancellationToken), ApplyAsync(plan.ApplyVirtualIp, cancellationToken));
        if (plan.ApplyVirtualIp is not null)
        {
            Log.Applied(logger, plan.Key);
        }

        await DeleteAsync(plan.DeleteVirtualIp, cancellationToken);
        await DeleteAsync(plan.DeletePool, cancellationToken);
        if (plan.Ingress is { } ingress)
        {
            await SetIngressAsync(plan, ingress, cancellationToken);
        }

        if (plan.RemoveFinalizer)
        {
            await SetFinalizersAsync(
                plan, [.. finalizers.Where(finalizer => finalizer != ServicePlanner.Finalizer)], cancellationToken);
            Log.Left(logger, plan.Key);
        }
    }

    private Task SetFinalizersAsync(ServicePlan plan, string[] finalizers, CancellationToken cancellationToken)
    {
        // The whole list is replaced, so only of the version that was seen.
        var patch = KubernetesJson.Serialize(new Dictionary<string, object>
        {
            ["metadata"] = new Dictionary<string, object?>
            {
                ["finalizers"] = finalizers,
                ["resourceVersion"] = plan.Service.Metadata.ResourceVersion,
            },
        });
        return client.PatchAsync<V1Service>(
            new V1Patch(patch, V1Patch.PatchType.MergePatch), plan.Key.Name, plan.Key.Namespace, cancellationToken: cancellationToken);
    }

    private async Task SetIngressAsync(
        ServicePlan plan, ImmutableArray<string> addresses, CancellationToken cancellationToken)
    {
        var ingress = addresses.IsEmpty
            ? "null"
            : KubernetesJson.Serialize(
                addresses.Select(address => new V1LoadBalancerIngress { Ip = address, IpMode = "VIP" }).ToArray());
        await client.PatchAsync<V1Service>(
            new V1Patch(
                """{"status":{"loadBalancer":{"ingress":LIST}}}""".Replace("LIST", ingress, StringComparison.Ordinal),
                V1Patch.PatchType.MergePatch),
            plan.Key.Name,
            plan.Key.Namespace,
            "status",
            cancellationToken);
        Log.Ingress(logger, plan.Key, string.Join(", ", addresses));
        if (addresses.Length > 0)
        {
            events.Record(
                plan.Service, EventTypes.Normal, "AddressAssigned", $"reachable at {string.Join(", ", addresses)}");
        }
    }

    private Task ApplyAsync<T>(T? wanted, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta> => wanted is null
        ? Task.CompletedTask
        : client.ApplyAsync(wanted, FieldManager, force: true, cancellationToken: cancellationToken);

    private Task DeleteAsync<T>(T? owned, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta> => owned is null
        ? Task.CompletedTask
        : client.DeleteAsync<T>(
            owned.Metadata.Name!,
            owned.Metadata.NamespaceProperty,
            new DeleteOptions { Uid = owned.Metadata.Uid },
            cancellationToken);

    /// <summary>What is wrong with a Service, when that is new.</summary>
    private void Tell(ImmutableArray<ServicePlan> plans)
    {
        foreach (var plan in plans)
        {
            var text = string.Join("; ", plan.Findings);
            if (_told.GetValueOrDefault(plan.Key, "") != text && text.Length > 0)
            {
                events.Record(plan.Service, EventTypes.Warning, plan.Findings[0].Reason, text);
            }

            _told[plan.Key] = text;
        }

        if (_told.Count > plans.Length)
        {
            var present = plans.Select(plan => plan.Key).ToHashSet();
            foreach (var gone in _told.Keys.Where(key => !present.Contains(key)).ToArray())
            {
                _told.Remove(gone);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Applied the VirtualIp of Service {Service}")]
        public static partial void Applied(ILogger logger, NamespacedName service);

        [LoggerMessage(Level = LogLevel.Information, Message = "Service {Service} is reachable at [{Addresses}]")]
        public static partial void Ingress(ILogger logger, NamespacedName service, string addresses);

        [LoggerMessage(Level = LogLevel.Information, Message = "Service {Service} is served no longer")]
        public static partial void Left(ILogger logger, NamespacedName service);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Service {Service} has changed meanwhile: {Problem}")]
        public static partial void Outdated(ILogger logger, NamespacedName service, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot write for Service {Service}: {Problem}")]
        public static partial void Failed(ILogger logger, NamespacedName service, string problem);
    }
}
