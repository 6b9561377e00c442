using System.Net;
using k8s;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Kubernetes.Events;

namespace Mooring.Controller.Reporting;

/// <summary>Tells users what happened. Each thing once: it compares with what was before.</summary>
internal sealed class EventReporter(IEventRecorder recorder, TimeProvider time)
{
    /// <summary>The same conflict is told again after this long while it goes on.</summary>
    private static readonly TimeSpan ConflictInterval = TimeSpan.FromMinutes(1);

    private readonly Dictionary<NamespacedName, Dictionary<IPEndPoint, EndpointState>> _endpoints = [];
    private readonly Dictionary<(NamespacedName Pool, IPEndPoint Endpoint), string> _warnings = [];
    private readonly Dictionary<(IPAddress Address, string Mac), long> _conflicts = [];

    /// <summary>Begins anew: what is found first is how things are, not a change.</summary>
    public void Reset()
    {
        _endpoints.Clear();
        _warnings.Clear();
        _conflicts.Clear();
    }

    public void Moved(V1Alpha1VirtualIp vip, HolderMove move)
    {
        var reason = move.Reason is null ? "" : $" ({move.Reason})";
        var text = move switch
        {
            { From: null } => $"{move.Address} is held by {move.To.Node}{reason}, term {move.To.Term}",
            { IsFailover: true } => $"{move.Address} moved from {move.From}{reason} to {move.To.Node}, term {move.To.Term}",
            _ => $"{move.Address} was claimed again by {move.To.Node}{reason}, term {move.To.Term}",
        };
        if (move.Detect is { } detect && detect > TimeSpan.Zero)
        {
            text += $", detected in {detect.TotalMilliseconds:0} ms";
        }

        if (move.Takeover is { } takeover)
        {
            text += move.Detect > TimeSpan.Zero
                ? $", announced {takeover.TotalMilliseconds:0} ms later"
                : $", announced in {takeover.TotalMilliseconds:0} ms";
        }

        if (move.Phases is { Announced: { } announced, FirstPacket: { } packet })
        {
            text += $", first packet after {Math.Max(0, (packet - announced).TotalMilliseconds):0} ms more";
        }

        recorder.Record(vip, EventTypes.Normal, "HolderChanged", text);
    }

    public void Conflict(V1Alpha1VirtualIp vip, ReportedConflict conflict)
    {
        var key = (conflict.Address, conflict.MacAddress);
        var now = time.GetTimestamp();
        if (_conflicts.TryGetValue(key, out var told) && time.GetElapsedTime(told, now) < ConflictInterval)
        {
            return;
        }

        _conflicts[key] = now;
        recorder.Record(
            vip, EventTypes.Warning, conflict.Owner is null ? "ForeignHost" : "AddressConflict", conflict.Describe());
    }

    /// <summary>A spec that was refused, when that is new.</summary>
    public void Judged(IKubernetesObject<V1ObjectMeta> about, IList<V1Condition>? before, IList<V1Condition>? after)
    {
        var old = before?.FirstOrDefault(condition => condition.Type == ConditionTypes.Accepted);
        var now = after?.FirstOrDefault(condition => condition.Type == ConditionTypes.Accepted);
        if (now is { Status: "False" } && (old?.Status != "False" || old.Reason != now.Reason))
        {
            recorder.Record(about, EventTypes.Warning, now.Reason ?? "", now.Message ?? "");
        }
        else if (now is { Status: "True" } && old is { Status: "False" })
        {
            recorder.Record(about, EventTypes.Normal, now.Reason ?? "", "the spec is accepted now");
        }
    }

    /// <summary>Endpoints that a probe took out or put back.</summary>
    public void Probed(PoolEvaluation pool, EndpointStates states)
    {
        var before = _endpoints.GetValueOrDefault(pool.Settings.Key);
        var after = new Dictionary<IPEndPoint, EndpointState>();
        foreach (var (backend, judgement) in PoolStatusComputation.Endpoints(pool, states))
        {
            var (state, reason) = judgement;
            Warned(pool, backend, judgement.Warning);
            after[backend.EndPoint] = state;
            if (before is null || !before.TryGetValue(backend.EndPoint, out var old) || old == state)
            {
                continue;
            }

            if (state == EndpointState.Unhealthy)
            {
                recorder.Record(
                    pool.Settings.Resource,
                    EventTypes.Warning,
                    "EndpointUnhealthy",
                    $"{backend.DisplayName} ({backend.EndPoint}) takes no new connections: {reason}");
            }
            else if (old == EndpointState.Unhealthy && state == EndpointState.Ready)
            {
                recorder.Record(
                    pool.Settings.Resource,
                    EventTypes.Normal,
                    "EndpointHealthy",
                    $"{backend.DisplayName} ({backend.EndPoint}) takes new connections again");
            }
        }

        _endpoints[pool.Settings.Key] = after;
    }

    private void Warned(PoolEvaluation pool, Backend backend, string? warning)
    {
        var key = (pool.Settings.Key, backend.EndPoint);
        if (warning is null)
        {
            _warnings.Remove(key);
        }
        else if (_warnings.GetValueOrDefault(key) != warning)
        {
            _warnings[key] = warning;
            recorder.Record(
                pool.Settings.Resource,
                EventTypes.Warning,
                "EndpointWarning",
                $"{backend.DisplayName} ({backend.EndPoint}) passes its check, but: {warning}");
        }
    }

    public void Retain(IReadOnlySet<NamespacedName> pools)
    {
        foreach (var key in _endpoints.Keys.Where(key => !pools.Contains(key)).ToArray())
        {
            _endpoints.Remove(key);
        }

        foreach (var key in _warnings.Keys.Where(key => !pools.Contains(key.Pool)).ToArray())
        {
            _warnings.Remove(key);
        }
    }
}
