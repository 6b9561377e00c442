using System.Text.RegularExpressions;
using k8s.Models;
using Mooring.Api.V1Alpha1;

namespace Mooring.Cli.Doctor;

/// <summary>The usual troubles, told from what the API server says. Pure.</summary>
internal static partial class Diagnosis
{
    private const string DrainAnnotation = "mooring.dev/drain";
    private const string Unobstructed = "Unobstructed";

    /// <summary>Reasons of a candidate that somebody meant to be so.</summary>
    private static readonly HashSet<string> Meant = new(StringComparer.Ordinal)
    {
        "Draining", "ExcludedByLabel", "NodeSelectorMismatch", "NoLocalEndpoints",
    };

    public static IReadOnlyList<Trouble> Of(ClusterSight sight) =>
    [
        .. Controller(sight),
        .. KubeProxy(sight),
        .. OtherAnnouncers(sight),
        .. Nodes(sight),
        .. NodeProblems(sight),
        .. sight.VirtualIps.SelectMany(VirtualIp),
        .. sight.BackendPools.SelectMany(Certificates),
        .. sight.AddressPools.SelectMany(AddressPool),
    ];

    private static IEnumerable<Trouble> Controller(ClusterSight sight)
    {
        var seconds = sight.Lease?.Spec?.LeaseDurationSeconds ?? 0;
        if (sight.Lease?.Spec?.RenewTime is not { } renewed)
        {
            yield return new Trouble(
                true, "controller", "no controller has ever led", "kubectl -n mooring-system get pods; its log says what it waits for");
        }
        else if (sight.Now - renewed > TimeSpan.FromSeconds(2 * seconds))
        {
            yield return new Trouble(
                true, "controller", $"no controller leads since {renewed:u}",
                "addresses fail over without it, but nothing new is taken up: look at the logs of its pods");
        }
    }

    private static IEnumerable<Trouble> KubeProxy(ClusterSight sight)
    {
        if (sight.KubeProxy is { } text && Ipvs().IsMatch(text) && !StrictArp().IsMatch(text))
        {
            yield return new Trouble(
                true, "kube-proxy", "it runs in IPVS mode without strictARP: every node answers ARP for the addresses",
                "set ipvs.strictARP: true in ConfigMap kube-system/kube-proxy and restart kube-proxy");
        }
    }

    private static IEnumerable<Trouble> OtherAnnouncers(ClusterSight sight) => sight.Announcers
        .GroupBy(pod => pod.Metadata.NamespaceProperty)
        .Select(pods => new Trouble(
            false, $"namespace {pods.Key}", $"{pods.Count()} pods of another program that announces addresses run",
            "let no pool of theirs have an address of ours (docs/migrate.md)"));

    private static IEnumerable<Trouble> Nodes(ClusterSight sight)
    {
        foreach (var node in sight.Nodes)
        {
            var name = node.Metadata.Name ?? "";
            if (node.Metadata.Annotations?.TryGetValue(DrainAnnotation, out var drained) == true && drained == "true")
            {
                yield return new Trouble(
                    false, $"node {name}", "it is drained of addresses", $"kubectl mooring undrain {name}, when it may hold some again");
            }

            var reasons = sight.VirtualIps.SelectMany(vip => vip.Status?.Candidates ?? [])
                .Where(candidate => candidate.Node == name && candidate.Reason is { } reason && !Meant.Contains(reason)
                    && (!candidate.Eligible || reason == "AgentAway"))
                .DistinctBy(candidate => (candidate.Reason, candidate.Message));
            foreach (var candidate in reasons)
            {
                yield return new Trouble(
                    false, $"node {name}", $"it cannot hold addresses ({candidate.Reason}): {candidate.Message}", FixOf(candidate.Reason!));
            }
        }
    }

    /// <summary>What agents find on their nodes, once for all the addresses that it stands in the way of.</summary>
    private static IEnumerable<Trouble> NodeProblems(ClusterSight sight) => sight.VirtualIps
        .SelectMany(vip => (vip.Status?.Conditions ?? [])
            .Where(condition => condition is { Type: Unobstructed, Status: "False" })
            .Select(condition => (Vip: $"vip {vip.Metadata.NamespaceProperty}/{vip.Metadata.Name}", condition.Reason, condition.Message)))
        .GroupBy(found => (found.Reason, found.Message))
        .Select(same => new Trouble(
            false,
            same.Count() == 1 ? same.First().Vip : $"{same.First().Vip} and {same.Count() - 1} more",
            $"{same.Key.Reason}: {same.Key.Message}",
            "do on the node that it names what it ends with, and keep it in the node's configuration"));

    private static string FixOf(string reason) => reason switch
    {
        "AgentNotConnected" or "AgentAway" =>
            "look at the agent's pod on that node: TCP port 7946 of the controller must be reachable from it",
        "NodeNotReady" or "NetworkUnavailable" => "kubectl describe node says what the kubelet misses",
        "NoInterfaceInSubnet" => "give the node an interface with a subnet that has the address, or exclude it by spec.nodeSelector",
        "InterfaceDown" => "look at the cable, the bond or the VLAN of that interface",
        "CannotForward" => "mend on that node what the message names; the agent's log has the kernel's words",
        "RecentlyFailed" => "it is forgiven by itself; kubectl get events tells what happened",
        _ => "kubectl mooring explain vip/NAME",
    };

    private static IEnumerable<Trouble> VirtualIp(V1Alpha1VirtualIp vip)
    {
        var where = $"vip {vip.Metadata.NamespaceProperty}/{vip.Metadata.Name}";
        foreach (var condition in vip.Status?.Conditions ?? [])
        {
            if (condition.Type is not ("Ready" or Unobstructed) && condition.Status == "False")
            {
                yield return new Trouble(
                    condition.Type is "Held" or "Uncontested" or "BackendsReady" or "Accepted",
                    where,
                    $"{condition.Reason}: {condition.Message}",
                    condition.Type == "Uncontested"
                        ? "find the machine with that MAC address, or use another address"
                        : $"kubectl mooring explain {vip.Metadata.Name} -n {vip.Metadata.NamespaceProperty}");
            }
        }

        if (vip.Status?.Forwarding is { Mode: "Nat", Message: { Length: > 0 } why } && vip.Spec.Forwarding == "Auto"
            && vip.Spec.TrafficPolicy != "Local")
        {
            yield return new Trouble(
                false, where, $"connections do not outlive a failover, as forwarding is Nat: {why}", "mend that on the node it names, or set spec.forwarding: Nat");
        }
    }

    /// <summary>What health checks warn of although the endpoint is healthy: a certificate about to expire.</summary>
    private static IEnumerable<Trouble> Certificates(V1Alpha1BackendPool pool) => (pool.Status?.Endpoints ?? [])
        .Where(endpoint => endpoint.Warning is { Length: > 0 })
        .Select(endpoint => new Trouble(
            false,
            $"pool {pool.Metadata.NamespaceProperty}/{pool.Metadata.Name}",
            $"{endpoint.Address}:{endpoint.Port}: {endpoint.Warning}",
            "renew it before that: the check fails from then on"));

    private static IEnumerable<Trouble> AddressPool(V1Alpha1AddressPool pool) => (pool.Status?.Conditions ?? [])
        .Where(condition => condition.Status == "False")
        .Select(condition => new Trouble(
            condition.Type != "CoversClaims", $"addresspool {pool.Metadata.Name}", $"{condition.Reason}: {condition.Message}",
            "kubectl describe addresspool " + pool.Metadata.Name));

    [GeneratedRegex("""^\s*mode:\s*"?ipvs"?\s*$""", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Ipvs();

    [GeneratedRegex(@"^\s*strictARP:\s*true\s*$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StrictArp();
}
