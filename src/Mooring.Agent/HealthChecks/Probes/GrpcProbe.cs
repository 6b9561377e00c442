using System.Net;
using System.Net.Security;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>Passes when the gRPC health protocol says SERVING.</summary>
internal sealed class GrpcProbe(ProbeConnector connector) : IHealthProbe
{
    /// <summary>The answer is a single number.</summary>
    private const int MaxAnswerBytes = 1024;

    public async Task<ProbeOutcome> ProbeAsync(HealthCheckTarget target, CancellationToken deadline)
    {
        var (connection, failure) = await connector.OpenAsync(
            target, SslApplicationProtocol.Http2, deadline).ConfigureAwait(false);
        using (connection)
        {
            return connection is null
                ? ProbeOutcome.Failed(failure)
                : await AskAsync(target, connection, deadline).ConfigureAwait(false);
        }
    }

    private static async Task<ProbeOutcome> AskAsync(
        HealthCheckTarget target, ProbeConnection connection, CancellationToken deadline)
    {
        var (check, endPoint) = (target.Check, target.ProbeEndPoint);
        using var handler = OneConnection.Handler(connection);
        using var channel = GrpcChannel.ForAddress(
            $"{(check.Tls is null ? "http" : "https")}://{check.Host ?? endPoint.ToString()}",
            new GrpcChannelOptions { HttpHandler = handler, MaxReceiveMessageSize = MaxAnswerBytes });
        try
        {
            using var call = new Health.HealthClient(channel).CheckAsync(
                new HealthCheckRequest { Service = check.GrpcService }, cancellationToken: deadline);
            var answer = await call.ResponseAsync.ConfigureAwait(false);
            return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving
                ? ProbeOutcome.PassedWith(connection.Warning)
                : ProbeOutcome.Failed($"gRPC: {Named(check.GrpcService)} at {endPoint} is {Word(answer.Status)}");
        }
        catch (Exception) when (deadline.IsCancellationRequested)
        {
            return ProbeOutcome.Failed($"no answer from {endPoint} within {Duration.Format(check.Timeout)}");
        }
        catch (RpcException) when (connection.WasClosed)
        {
            return ProbeOutcome.Failed($"{endPoint} closed the connection without an answer");
        }
        catch (RpcException exception)
        {
            return ProbeOutcome.Failed(Describe(exception, check.GrpcService, endPoint));
        }
    }

    private static string Describe(RpcException exception, string service, IPEndPoint endPoint) => exception.StatusCode switch
    {
        StatusCode.Unimplemented => $"gRPC: {endPoint} does not offer the health protocol",
        StatusCode.NotFound => $"gRPC: {endPoint} does not know {Named(service)}",
        _ when SocketFailure.Find(exception) is { } socket => SocketFailure.Describe(socket, endPoint),
        _ => $"gRPC: {exception.StatusCode} from {endPoint}: {exception.Status.Detail}",
    };

    private static string Named(string service) => service.Length == 0 ? "the server" : $"service '{service}'";

    private static string Word(HealthCheckResponse.Types.ServingStatus status) => status switch
    {
        HealthCheckResponse.Types.ServingStatus.NotServing => "NOT_SERVING",
        HealthCheckResponse.Types.ServingStatus.ServiceUnknown => "SERVICE_UNKNOWN",
        HealthCheckResponse.Types.ServingStatus.Unknown => "UNKNOWN",
        _ => $"in the state {(int)status}, which the protocol does not have",
    };
}
