using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>Which built-in kind has which rules.</summary>
internal static class KindRulesCatalog
{
    public static KindRulesBook Create(ResourceStore store) => new(new Dictionary<string, IKindRules>(StringComparer.Ordinal)
    {
        ["namespaces"] = new NamespaceRules(),
        ["secrets"] = new SecretRules(),
        ["configmaps"] = new ConfigMapRules(),
        ["events"] = new EventRules(served: false),
        ["events.events.k8s.io"] = new EventRules(served: true),
        ["endpointslices.discovery.k8s.io"] = new EndpointSliceRules(),
        ["pods"] = new PodRules(),
        ["services"] = new ServiceRules(() => store.Snapshot("services")),
        ["leases.coordination.k8s.io"] = new LeaseRules(),
        ["deployments.apps"] = new WorkloadRules("strategy"),
        ["daemonsets.apps"] = new WorkloadRules("updateStrategy"),
        ["statefulsets.apps"] = new WorkloadRules("updateStrategy"),
        ["customresourcedefinitions.apiextensions.k8s.io"] = new CrdRules(),
    });
}
