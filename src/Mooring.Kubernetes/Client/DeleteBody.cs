using System.Text.Json.Serialization;

namespace Mooring.Kubernetes.Client;

/// <summary>meta/v1 DeleteOptions.</summary>
internal sealed class DeleteBody
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; } = "v1";

    [JsonPropertyName("kind")]
    public string Kind { get; } = "DeleteOptions";

    [JsonPropertyName("propagationPolicy")]
    public string? PropagationPolicy { get; init; }

    [JsonPropertyName("gracePeriodSeconds")]
    public long? GracePeriodSeconds { get; init; }

    [JsonPropertyName("preconditions")]
    public IDictionary<string, string>? Preconditions { get; init; }

    /// <summary>Here, because a server that is given a body reads nothing of the query.</summary>
    [JsonPropertyName("dryRun")]
    public IList<string>? DryRun { get; init; }

    public static DeleteBody From(DeleteOptions? options, string? dryRun) => new()
    {
        DryRun = dryRun is null ? null : [dryRun],
        PropagationPolicy = options?.PropagationPolicy,
        GracePeriodSeconds = options?.GracePeriodSeconds,
        Preconditions = options is { Uid: null, ResourceVersion: null } or null ? null : PreconditionsOf(options),
    };

    private static Dictionary<string, string> PreconditionsOf(DeleteOptions options)
    {
        var preconditions = new Dictionary<string, string>(StringComparer.Ordinal);
        if (options.Uid is { } uid)
        {
            preconditions["uid"] = uid;
        }

        if (options.ResourceVersion is { } version)
        {
            preconditions["resourceVersion"] = version;
        }

        return preconditions;
    }
}
