using Grpc.Core;

namespace Mooring.Controller.Agents.Admission;

/// <summary>Takes every agent at its word; for <c>--insecure</c> alone.</summary>
internal sealed class NoAuthenticator : IAgentAuthenticator
{
    public TimeSpan? ReviewInterval => null;

    public Task<AgentIdentity> AuthenticateAsync(ServerCallContext context, CancellationToken cancellationToken) =>
        Task.FromResult(AgentIdentity.Unproven);

    public Task<string?> ReviewAsync(string token, string node, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(null);

    public RpcException Refuse(ConnectionRefusal reason, string peer, string detail) =>
        new(new Status(reason.ToStatusCode(), detail));
}
