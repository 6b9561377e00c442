namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>What a write request asks for besides its body.</summary>
internal sealed record WriteOptions
{
    public bool DryRun { get; init; }

    /// <summary>Who writes: the <c>fieldManager</c> parameter, or what the user agent starts with.</summary>
    public string FieldManager { get; init; } = "unknown";

    public FieldValidation FieldValidation { get; init; } = FieldValidation.Warn;

    /// <summary>Server-side apply: take fields over from other managers.</summary>
    public bool Force { get; init; }

    /// <summary>Texts for <c>Warning</c> headers, collected while the request is handled.</summary>
    public List<string> Warnings { get; init; } = [];
}
