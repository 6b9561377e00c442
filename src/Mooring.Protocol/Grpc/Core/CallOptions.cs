namespace Grpc.Core;

/// <param name="Headers">Sent with the request.</param>
/// <param name="Deadline">UTC time at which the call ends with <see cref="StatusCode.DeadlineExceeded"/>.</param>
/// <param name="CancellationToken">Ends the call with <see cref="StatusCode.Cancelled"/>.</param>
public readonly record struct CallOptions(
    Metadata? Headers = null, DateTime? Deadline = null, CancellationToken CancellationToken = default);
