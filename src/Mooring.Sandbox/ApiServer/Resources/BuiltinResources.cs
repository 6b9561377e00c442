using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>The kinds that are served without a CRD.</summary>
internal static class BuiltinResources
{
    private static readonly ScaleSubresource WorkloadScale = new("spec.replicas", "status.replicas", "spec.selector");

    public static IReadOnlyList<ResourceType> All { get; } =
    [
        Core("namespaces", "Namespace", namespaced: false, status: true, shortNames: "ns", other: ["finalize"]),
        Core("nodes", "Node", namespaced: false, status: true, shortNames: "no"),
        Core("pods", "Pod", status: true, shortNames: "po", categories: "all", other: ["eviction", "binding"]),
        Core("services", "Service", status: true, shortNames: "svc", categories: "all"),
        Core("endpoints", "Endpoints", shortNames: "ep", singular: "endpoints"),
        Core("configmaps", "ConfigMap", shortNames: "cm"),
        Core("secrets", "Secret"),
        Core("serviceaccounts", "ServiceAccount", shortNames: "sa", other: ["token"]),
        Core("events", "Event", shortNames: "ev"),
        Make("events.k8s.io", "v1", "events", "Event", "io.k8s.api.events.v1", shortNames: "ev") with
        {
            StoredAs = "events",
            Conversion = new EventConversion(),
        },
        Apps("deployments", "Deployment", "deploy", scale: true),
        Apps("daemonsets", "DaemonSet", "ds", scale: false),
        Apps("replicasets", "ReplicaSet", "rs", scale: true),
        Apps("statefulsets", "StatefulSet", "sts", scale: true),
        Make("batch", "v1", "jobs", "Job", "io.k8s.api.batch.v1", status: true, categories: "all"),
        Make("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", "io.k8s.api.discovery.v1"),
        Make("coordination.k8s.io", "v1", "leases", "Lease", "io.k8s.api.coordination.v1"),
        Make("rbac.authorization.k8s.io", "v1", "roles", "Role", "io.k8s.api.rbac.v1"),
        Make("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", "io.k8s.api.rbac.v1"),
        Make("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", "io.k8s.api.rbac.v1", namespaced: false),
        Make("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", "io.k8s.api.rbac.v1", namespaced: false),
        Make("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "io.k8s.api.policy.v1", status: true, shortNames: "pdb"),
        Make("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "io.k8s.api.networking.v1", shortNames: "netpol"),
        Make(
            "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition",
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1", namespaced: false, status: true,
            shortNames: "crd", categories: "api-extensions", otherShortName: "crds"),
        Review("authentication.k8s.io", "tokenreviews", "TokenReview", "io.k8s.api.authentication.v1"),
        Review("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", "io.k8s.api.authentication.v1"),
        Review("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", "io.k8s.api.authorization.v1"),
        Review("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", "io.k8s.api.authorization.v1"),
        Review("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview", "io.k8s.api.authorization.v1"),
        Review("authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview", "io.k8s.api.authorization.v1") with { Namespaced = true },
    ];

    private static ResourceType Core(
        string plural, string kind, bool namespaced = true, bool status = false, string? shortNames = null,
        string? categories = null, string[]? other = null, string? singular = null) =>
        Make("", "v1", plural, kind, "io.k8s.api.core.v1", namespaced, status, shortNames, categories) with
        {
            OtherSubresources = other ?? [],
            Singular = singular ?? kind.ToLowerInvariant(),
        };

    private static ResourceType Apps(string plural, string kind, string shortName, bool scale) =>
        Make("apps", "v1", plural, kind, "io.k8s.api.apps.v1", status: true, shortNames: shortName, categories: "all") with
        {
            Scale = scale ? WorkloadScale : null,
        };

    private static ResourceType Review(string group, string plural, string kind, string package) =>
        Make(group, "v1", plural, kind, package, namespaced: false) with { Verbs = ResourceType.CreateOnly };

    private static ResourceType Make(
        string group, string version, string plural, string kind, string package, bool namespaced = true,
        bool status = false, string? shortNames = null, string? categories = null, string? otherShortName = null) => new()
        {
            Group = group,
            Version = version,
            Plural = plural,
            Singular = kind.ToLowerInvariant(),
            Kind = kind,
            ListKind = kind + "List",
            Namespaced = namespaced,
            HasStatus = status,
            ShortNames = [.. new[] { shortNames, otherShortName }.OfType<string>()],
            Categories = categories is null ? [] : [categories],
            Schema = BuiltinSchemas.Instance[$"{package}.{kind}"],
        };
}
