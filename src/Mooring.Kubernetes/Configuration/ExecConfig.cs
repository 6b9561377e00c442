namespace k8s.Authentication;

/// <summary>The <c>exec</c> section of a kubeconfig user.</summary>
internal sealed record ExecConfig(
    string ApiVersion,
    string Command,
    IReadOnlyList<string> Arguments,
    IReadOnlyList<KeyValuePair<string, string>> Environment,
    string? InstallHint)
{
    /// <summary>The cluster to tell the plugin of, as JSON; null when it did not ask.</summary>
    public string? Cluster { get; init; }
}
