using Grpc.Core;

namespace Mooring.Controller.Agents.Admission;

/// <summary>Finds out for which node an agent may speak.</summary>
internal interface IAgentAuthenticator
{
    /// <summary>How often a stream has to prove itself anew; null for never.</summary>
    TimeSpan? ReviewInterval { get; }

    /// <exception cref="RpcException">It is turned away, which is logged and counted here.</exception>
    Task<AgentIdentity> AuthenticateAsync(ServerCallContext context, CancellationToken cancellationToken);

    /// <summary>Asks again about a token that was good.</summary>
    /// <returns>Why it is good no more; null while it is, or while nobody can tell.</returns>
    Task<string?> ReviewAsync(string token, string node, CancellationToken cancellationToken);

    /// <summary>Logs and counts that one is turned away.</summary>
    RpcException Refuse(ConnectionRefusal reason, string peer, string detail);
}
