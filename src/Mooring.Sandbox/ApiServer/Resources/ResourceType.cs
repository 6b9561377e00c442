using Mooring.Sandbox.KubeApi.Schema;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>One resource in one version of its API group, built in or defined by a CRD.</summary>
internal sealed record ResourceType
{
    /// <summary>Verbs of an ordinary stored resource.</summary>
    public static readonly IReadOnlyList<string> StoredVerbs =
        ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    public static readonly IReadOnlyList<string> CreateOnly = ["create"];

    /// <summary>Empty for the core group.</summary>
    public required string Group { get; init; }

    public required string Version { get; init; }

    public required string Plural { get; init; }

    public required string Singular { get; init; }

    public required string Kind { get; init; }

    public string ListKind { get; init; } = "";

    public required bool Namespaced { get; init; }

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<string> Verbs { get; init; } = StoredVerbs;

    public required ObjectSchema Schema { get; init; }

    public bool HasStatus { get; init; }

    public ScaleSubresource? Scale { get; init; }

    /// <summary>Further subresources that are served for this type, such as <c>eviction</c>.</summary>
    public IReadOnlyList<string> OtherSubresources { get; init; } = [];

    /// <summary>Set for a custom resource.</summary>
    public CustomResource? Custom { get; init; }

    /// <summary>Group and resource under which objects are stored, when they are another resource's in disguise.</summary>
    public string? StoredAs { get; init; }

    public IObjectConversion? Conversion { get; init; }

    /// <summary>Whether an update has to say which version it replaces.</summary>
    public bool NeedsVersionOnUpdate =>
        Custom is not null || GroupResource is "leases.coordination.k8s.io" or "customresourcedefinitions.apiextensions.k8s.io";

    /// <summary>Whether an update of an object that is not there creates it.</summary>
    public bool CreatesOnUpdate => GroupResource is "leases.coordination.k8s.io" or "events" or "services" or "endpoints" || Group == "rbac.authorization.k8s.io";

    /// <summary>Whether the answer to a deletion is the object, not a <c>Status</c>.</summary>
    public bool ReturnsDeleted => GroupResource is "pods" or "services" or "serviceaccounts";

    public string GroupVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Resource and group without the version: how it is stored and named in messages.</summary>
    public string GroupResource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public string StorageResource => StoredAs ?? GroupResource;

    /// <summary>Stored objects, as opposed to a review that is only answered.</summary>
    public bool IsStored => Verbs.Contains("get");

    public ObjectKey Key(string ns, string name) => new(StorageResource, ns, name);
}
