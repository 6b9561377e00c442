using Grpc.Core;

namespace Mooring.Controller.Agents.Admission;

internal static class ConnectionRefusals
{
    public static StatusCode ToStatusCode(this ConnectionRefusal refusal) => refusal switch
    {
        ConnectionRefusal.NoToken or ConnectionRefusal.TokenRefused => StatusCode.Unauthenticated,
        ConnectionRefusal.TooManyAttempts => StatusCode.ResourceExhausted,
        ConnectionRefusal.NotReviewed => StatusCode.Unavailable,
        _ => StatusCode.PermissionDenied,
    };
}
