using System.Net;
using Grpc.Core;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Kubernetes.Client;

namespace Mooring.Controller.Agents.Admission;

/// <summary>
/// Has the API server say whose token an agent brings: it must be for us, of the agents' account, and bound to a pod,
/// whose node is the one the agent may speak for.
/// </summary>
internal sealed partial class TokenAuthenticator(
    IKubernetesClient client,
    AttemptLimiter attempts,
    AgentConnectionMetrics metrics,
    IOptions<ControllerOptions> options,
    ILogger<TokenAuthenticator> logger) : IAgentAuthenticator, IDisposable
{
    private const string Scheme = "Bearer ";

    /// <summary>No token of an API server is longer; etcd's limit is far above.</summary>
    private const int MaxTokenLength = 16 * 1024;

    /// <summary>When all agents come at once, the API server is asked this many questions at a time.</summary>
    private readonly SemaphoreSlim _reviews = new(32);

    public TimeSpan? ReviewInterval => options.Value.TokenReviewInterval;

    public async Task<AgentIdentity> AuthenticateAsync(ServerCallContext context, CancellationToken cancellationToken)
    {
        var address = AddressOf(context.Peer);
        if (!attempts.MayTry(address))
        {
            throw Refuse(ConnectionRefusal.TooManyAttempts, context.Peer, "too many failed attempts from this address; try again later");
        }

        var header = context.RequestHeaders.GetValue("authorization");
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            || header.Length is var length && (length == Scheme.Length || length > MaxTokenLength))
        {
            attempts.Failed(address);
            throw Refuse(ConnectionRefusal.NoToken, context.Peer, "send the token of the agent's service account as authorization: Bearer");
        }

        TokenJudgement judgement;
        try
        {
            judgement = await JudgeAsync(header[Scheme.Length..].Trim(), cancellationToken);
        }
        catch (Exception e) when (e is KubernetesException or HttpRequestException)
        {
            throw Refuse(ConnectionRefusal.NotReviewed, context.Peer, $"the API server cannot review tokens now: {e.Message}");
        }

        if (judgement.Refusal is { } refusal)
        {
            attempts.Failed(address);
            throw Refuse(refusal, context.Peer, judgement.Detail);
        }

        return new AgentIdentity(judgement.Node);
    }

    public async Task<string?> ReviewAsync(string token, string node, CancellationToken cancellationToken)
    {
        try
        {
            var judgement = await JudgeAsync(token, cancellationToken);
            if (judgement.Refusal is null && judgement.Node == node)
            {
                return null;
            }

            metrics.Refused(judgement.Refusal ?? ConnectionRefusal.OtherNode);
            return judgement.Refusal is null ? $"the token is of node {judgement.Node}" : judgement.Detail;
        }
        catch (Exception e) when (e is KubernetesException or HttpRequestException)
        {
            // Agents that have proved themselves are not cut off because the API server is away.
            Log.NotReviewed(logger, node, e.Message);
            return null;
        }
    }

    public RpcException Refuse(ConnectionRefusal reason, string peer, string detail)
    {
        metrics.Refused(reason);
        if (reason == ConnectionRefusal.TooManyAttempts)
        {
            Log.TooMany(logger, peer);
        }
        else
        {
            Log.Refused(logger, peer, reason, detail);
        }

        return new RpcException(new Status(reason.ToStatusCode(), detail));
    }

    public void Dispose() => _reviews.Dispose();

    private async Task<TokenJudgement> JudgeAsync(string token, CancellationToken cancellationToken)
    {
        await _reviews.WaitAsync(cancellationToken);
        try
        {
            var review = new V1TokenReview { Spec = new V1TokenReviewSpec { Token = token, Audiences = [TokenJudgement.Audience] } };
            var answer = await client.CreateAsync(review, cancellationToken);
            var account = $"system:serviceaccount:{options.Value.Namespace}:{options.Value.AgentServiceAccount}";
            var judgement = TokenJudgement.Of(answer.Status, account);
            return judgement.Refusal is null && judgement.Node is null
                ? await NodeOfPodAsync(judgement, cancellationToken)
                : judgement;
        }
        finally
        {
            _reviews.Release();
        }
    }

    /// <summary>Servers before Kubernetes 1.30 name the pod alone.</summary>
    private async Task<TokenJudgement> NodeOfPodAsync(TokenJudgement judgement, CancellationToken cancellationToken)
    {
        var pod = await client.GetAsync<V1Pod>(judgement.Pod!, options.Value.Namespace, cancellationToken);
        return pod?.Metadata.Uid == judgement.PodUid && pod?.Spec?.NodeName is { Length: > 0 } node
            ? judgement with { Node = node }
            : new(ConnectionRefusal.NoNode, $"pod {judgement.Pod} of the token is on no node");
    }

    /// <summary>Without the port: <c>ipv4:10.70.0.11:40152</c> or <c>ipv6:[fd00::1]:40152</c>.</summary>
    private static IPAddress AddressOf(string peer)
    {
        var at = peer.IndexOf(':', StringComparison.Ordinal);
        return IPEndPoint.TryParse(peer[(at + 1)..], out var endPoint) ? endPoint.Address : IPAddress.None;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Refused an agent from {Peer}, {Reason}: {Detail}")]
        public static partial void Refused(ILogger logger, string peer, ConnectionRefusal reason, string detail);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Refused an agent from {Peer}, TooManyAttempts")]
        public static partial void TooMany(ILogger logger, string peer);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The token of {Node} could not be reviewed again: {Problem}")]
        public static partial void NotReviewed(ILogger logger, string node, string problem);
    }
}
