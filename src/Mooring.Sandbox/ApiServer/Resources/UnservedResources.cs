using System.Collections.Frozen;

namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>
/// What every Kubernetes has and this server has not. A request for one of them is refused by its name, so that nobody
/// takes the answer for a mistake of his own.
/// </summary>
internal static class UnservedResources
{
    private static readonly FrozenSet<string> Known = new[]
    {
        "persistentvolumeclaims", "persistentvolumes", "podtemplates", "replicationcontrollers", "resourcequotas", "limitranges", "bindings", "componentstatuses",
        "controllerrevisions.apps", "cronjobs.batch", "horizontalpodautoscalers.autoscaling", "ingresses.networking.k8s.io", "ingressclasses.networking.k8s.io",
        "ipaddresses.networking.k8s.io", "servicecidrs.networking.k8s.io", "storageclasses.storage.k8s.io", "volumeattachments.storage.k8s.io", "csidrivers.storage.k8s.io",
        "csinodes.storage.k8s.io", "csistoragecapacities.storage.k8s.io", "volumeattributesclasses.storage.k8s.io", "priorityclasses.scheduling.k8s.io",
        "runtimeclasses.node.k8s.io", "apiservices.apiregistration.k8s.io", "certificatesigningrequests.certificates.k8s.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io", "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io", "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "mutatingadmissionpolicies.admissionregistration.k8s.io", "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
        "flowschemas.flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        "resourceclaims.resource.k8s.io", "resourceclaimtemplates.resource.k8s.io", "resourceslices.resource.k8s.io", "deviceclasses.resource.k8s.io",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>
    /// Those that kubectl looks into when it describes a namespace, taking 404 for "there are none", which is true here.
    /// </summary>
    private static readonly FrozenSet<string> NoneThere = new[] { "resourcequotas", "limitranges" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The name to refuse a request by, or null when upstream has no such resource either.</summary>
    public static string? Find(string group, string resource, bool read)
    {
        var name = group.Length == 0 ? resource : $"{resource}.{group}";
        return Known.Contains(name) && !(read && NoneThere.Contains(name)) ? name : null;
    }
}
