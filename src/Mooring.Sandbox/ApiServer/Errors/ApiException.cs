using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Errors;

/// <summary>A refusal that is answered with a <c>Status</c> object. Use the factories of <see cref="ApiError"/>.</summary>
internal sealed class ApiException(int code, string reason, string message, JsonObject? details = null, JsonObject? metadata = null) : Exception(message)
{
    /// <summary>HTTP status code.</summary>
    public int Code { get; } = code;

    /// <summary><c>Status.reason</c>, for example <c>NotFound</c>; empty for an unclassified failure.</summary>
    public string Reason { get; } = reason;

    public JsonObject? Details { get; } = details;

    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = metadata?.DeepClone() ?? new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason.Length > 0)
        {
            status["reason"] = Reason;
        }

        if (Details is not null)
        {
            status["details"] = Details.DeepClone();
        }

        status["code"] = Code;
        return status;
    }
}
