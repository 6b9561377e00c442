using k8s.Models;

namespace Mooring.Controller.Agents.Admission;

/// <summary>What the answer to a TokenReview means for an agent.</summary>
/// <param name="Refusal">Null when it is let in, or when its pod has yet to be asked for its node.</param>
/// <param name="Detail">In words, without the token.</param>
/// <param name="Node">Null with a refusal, and when a server before Kubernetes 1.30 did not say.</param>
internal sealed record TokenJudgement(
    ConnectionRefusal? Refusal, string Detail, string? Node = null, string? Pod = null, string? PodUid = null)
{
    public const string Audience = "mooring";

    private const string Prefix = "authentication.kubernetes.io/";

    /// <param name="account">The agents' user name, <c>system:serviceaccount:NAMESPACE:NAME</c>.</param>
    public static TokenJudgement Of(V1TokenReviewStatus? status, string account)
    {
        // A server that knows no audiences takes a token for any of them and says none.
        if (status?.Authenticated != true || status.Audiences?.Contains(Audience) != true)
        {
            var why = status?.Error is { Length: > 0 } error ? $": {error}" : "";
            return new(ConnectionRefusal.TokenRefused, $"the API server does not accept the token for audience {Audience}{why}");
        }

        if (status.User?.Username != account)
        {
            return new(ConnectionRefusal.OtherAccount, $"the token is of {status.User?.Username}, not of {account}");
        }

        var (node, pod, uid) = (Extra(status.User, "node-name"), Extra(status.User, "pod-name"), Extra(status.User, "pod-uid"));
        return pod is null || uid is null
            ? new(ConnectionRefusal.NoNode, "the token is bound to no pod; mount it by a projected volume")
            : new(null, "", node, pod, uid);
    }

    private static string? Extra(V1UserInfo user, string name) =>
        user.Extra?.TryGetValue(Prefix + name, out var values) == true && values is [{ Length: > 0 } value] ? value : null;
}
