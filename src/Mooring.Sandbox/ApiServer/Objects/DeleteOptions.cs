namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary><c>meta.k8s.io/v1 DeleteOptions</c> after parsing.</summary>
internal sealed record DeleteOptions
{
    public PropagationPolicy? Propagation { get; init; }

    /// <summary>Seconds; null for the kind's default.</summary>
    public long? GracePeriodSeconds { get; init; }

    public string? PreconditionUid { get; init; }

    public string? PreconditionResourceVersion { get; init; }

    public bool DryRun { get; init; }

    /// <summary>Answer 202 where the object is not gone yet: asked for by <c>orphanDependents: false</c>.</summary>
    public bool AcceptedWhilePending { get; init; }
}
