using System.Collections.Immutable;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Mooring.Controller.Agents.Admission;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Controller.Agents;

/// <summary>The controller's end of the agents' streams.</summary>
internal sealed partial class AgentGrpcService(
    AgentRegistry registry,
    IAgentAuthenticator authenticator,
    AgentConnectionMetrics metrics,
    WholeSnapshotGate wholes,
    TimeProvider time,
    ILogger<AgentGrpcService> logger)
    : EncodedAgentService.EncodedAgentServiceBase
{
    /// <summary>Oldest protocol spoken.</summary>
    public const uint ProtocolVersion = 1;

    private const int MaxNodeName = 253;
    private static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(10);

    public override async Task Connect(
        IAsyncStreamReader<AgentMessage> requestStream,
        IServerStreamWriter<EncodedMessage> responseStream,
        ServerCallContext context)
    {
        registry.ThrowIfNotServing();

        // Before anything it says is read.
        var identity = await authenticator.AuthenticateAsync(context, context.CancellationToken);
        var hello = await ReadHelloAsync(requestStream, context.CancellationToken);
        if (!identity.MaySpeakFor(hello.NodeName))
        {
            throw authenticator.Refuse(
                ConnectionRefusal.OtherNode, context.Peer, $"an agent of {identity.Node} cannot speak for {hello.NodeName}");
        }

        using var throttle = new MessageThrottle(hello.NodeName, metrics, logger);
        using var session = new AgentSession(
            hello.NodeName, hello.BootId, hello.AgentVersion, context.Peer, hello.AppliedRevision)
        {
            ProbesAddresses = hello.ProbesAddresses,
        };
        Open(session, hello);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, session.Closed);
        try
        {
            var reading = ReadAsync(session, throttle, requestStream, ending.Token);
            var writing = WriteAsync(session, responseStream, ending.Token);
            var reviewing = ReviewAsync(session, context, ending.Token);
            var first = await Task.WhenAny(reading, writing);
            await ending.CancelAsync();
            await IgnoreCancellationAsync(first == reading ? writing : reading, ending.Token);
            await reviewing;
            await first;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The agent went away, or this side closed the stream; the status says which.
        }
        catch (TimeoutException e)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, e.Message));
        }
        finally
        {
            registry.Close(session);
        }

        if (session.CloseStatus is { } status)
        {
            throw new RpcException(status);
        }
    }

    private async Task<Hello> ReadHelloAsync(
        IAsyncStreamReader<AgentMessage> requestStream, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(HelloTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            if (!await requestStream.MoveNext(either.Token)
                || requestStream.Current.MessageCase != AgentMessage.MessageOneofCase.Hello)
            {
                throw new RpcException(new Status(StatusCode.InvalidArgument, "the first message must be Hello"));
            }
        }
        catch (Exception e) when (timer.IsCancellationRequested && e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"no Hello within {HelloTimeout}"));
        }

        var hello = requestStream.Current.Hello;
        if (hello.NodeName.Length is 0 or > MaxNodeName
            || !hello.NodeName.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.'))
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, "hello.node_name must be the name of the agent's Node object"));
        }

        if (hello.ProtocolVersion < ProtocolVersion)
        {
            throw new RpcException(new Status(
                StatusCode.FailedPrecondition,
                $"protocol version {hello.ProtocolVersion} is too old; this controller speaks {ProtocolVersion} and later"));
        }

        return hello;
    }

    private void Open(AgentSession session, Hello hello)
    {
        var now = time.GetUtcNow();
        var facts = AgentReports.Facts(session.Node, hello.Facts, out var unreadable);
        LogUnreadable(session.Node, unreadable);
        var (held, terms) = AgentReports.Addresses(session.Node, hello.Addresses, now);
        registry.Open(
            session,
            facts,
            held,
            terms,
            AgentReports.Health(ImmutableDictionary<EndpointKey, EndpointVerdict>.Empty, hello.Health),
            new PublishedTables { Slots = SlotReports.ToCore(hello.Slots), Weights = WeightReports.ToCore(hello.Weights) });
    }

    private async Task ReadAsync(
        AgentSession session,
        MessageThrottle throttle,
        IAsyncStreamReader<AgentMessage> requestStream,
        CancellationToken cancellationToken)
    {
        while (await requestStream.MoveNext(cancellationToken))
        {
            await throttle.EnterAsync(requestStream.Current.CalculateSize(), cancellationToken);
            Take(session, requestStream.Current);
        }
    }

    /// <summary>Streams live for days: asks now and then whether the agent's token, or the newer one it sent, is still good.</summary>
    private async Task ReviewAsync(AgentSession session, ServerCallContext context, CancellationToken cancellationToken)
    {
        try
        {
            while (authenticator.ReviewInterval is { } interval)
            {
                await Task.Delay(interval * (0.9 + (0.2 * Random.Shared.NextDouble())), time, cancellationToken);
                var token = session.Token ?? context.RequestHeaders.GetValue("authorization")?["Bearer ".Length..].Trim() ?? "";
                if (await authenticator.ReviewAsync(token, session.Node, cancellationToken) is { } problem)
                {
                    Log.ProofEnded(logger, session.Node, problem);
                    session.Close(new Status(StatusCode.Unauthenticated, problem));
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The stream has ended.
        }
    }

    private void Take(AgentSession session, AgentMessage message)
    {
        switch (message.MessageCase)
        {
            case AgentMessage.MessageOneofCase.Ack:
                Acknowledge(session, message.Ack);
                break;
            case AgentMessage.MessageOneofCase.Holder:
                TakeHolder(session, message.Holder);
                break;
            case AgentMessage.MessageOneofCase.Health:
                registry.Update(session, (entry, _) => entry.Judge(AgentReports.Health(entry.Health, message.Health)));
                break;
            case AgentMessage.MessageOneofCase.Facts:
                var facts = AgentReports.Facts(session.Node, message.Facts, out var unreadable);
                LogUnreadable(session.Node, unreadable);
                registry.Update(session, (entry, _) => entry.Facts = facts);
                break;
            case AgentMessage.MessageOneofCase.Load:
                registry.Loaded(session, AgentReports.Loads(message.Load));
                break;
            case AgentMessage.MessageOneofCase.Conflict:
                if (AgentReports.Conflict(session.Node, message.Conflict) is { } conflict)
                {
                    registry.Saw(session, conflict);
                }

                break;
            case AgentMessage.MessageOneofCase.Probed:
                registry.Probed(session, AgentReports.Probed(message.Probed));
                break;
            case AgentMessage.MessageOneofCase.Credential:
                session.Token = message.Credential.Token;
                break;
            default:
                // A field of a later version, or a second Hello: nothing to act on.
                Log.Unknown(logger, session.Node, message.MessageCase);
                break;
        }
    }

    private void TakeHolder(AgentSession session, HolderReport report)
    {
        if (AgentReports.Move(session.Node, report, time.GetUtcNow()) is { } move)
        {
            registry.Moved(session, move);
        }
        else if (System.Net.IPAddress.TryParse(report.Address, out var address))
        {
            registry.GaveUp(session, address, report.Term);
        }
    }

    private void Acknowledge(AgentSession session, Ack ack)
    {
        var refusals = ack.Problems
            .Select(problem => new Refusal(problem.Object, problem.Field, problem.Message))
            .ToImmutableArray();
        registry.Acknowledged(session, ack.Revision, ack.Applied, refusals);
        if (!ack.Applied)
        {
            var why = refusals.IsEmpty ? "it gave no reason" : $"{refusals[0].Field} {refusals[0].Message}";
            Log.Refused(logger, session.Node, ack.Revision, why);
            session.Refuse(ack.Revision);
        }

        session.Answer(ack.Revision);
    }

    private async Task WriteAsync(
        AgentSession session, IServerStreamWriter<EncodedMessage> responseStream, CancellationToken cancellationToken)
    {
        ClusterSnapshot? sent = null;
        var (wholeSent, sentAt) = (0UL, 0L);
        while (true)
        {
            while (session.Probes.TryDequeue(out var probe))
            {
                await responseStream.WriteAsync(new EncodedMessage(new ControllerMessage { Probe = probe }), cancellationToken);
            }

            var next = registry.Published;

            // After a refused delta the whole is sent. A whole that was refused is not sent again: only a newer one
            // can be better.
            if (session.Refused > wholeSent && session.Refused <= sent?.Revision)
            {
                sent = null;
            }

            if (next is not null && next.Revision >= session.AppliedAtStart && next.Revision != sent?.Revision)
            {
                // An agent that has not done the last one yet gets all that came since at once when it has.
                if (sent is not null && session.WaitAfter(sent.Revision, time.GetElapsedTime(sentAt)) is var wait && wait > TimeSpan.Zero)
                {
                    await session.Wake.WaitAsync(wait, time, cancellationToken);
                    continue;
                }

                var message = next.MessageFor(sent);
                if (message.IsWhole)
                {
                    await wholes.SendAsync(
                        token =>
                        {
                            // The newest: there may have been others while it waited for its turn.
                            next = registry.Published ?? next;
                            return responseStream.WriteAsync(next.MessageFor(null), token);
                        },
                        cancellationToken);
                    wholeSent = next.Revision;
                }
                else
                {
                    await responseStream.WriteAsync(message, cancellationToken);
                }

                (sent, sentAt) = (next.Snapshot, time.GetTimestamp());
                continue;
            }

            await session.Wake.WaitAsync(cancellationToken);
        }
    }

    private static async Task IgnoreCancellationAsync(Task task, CancellationToken asked)
    {
        try
        {
            await task;
        }
        catch (Exception e) when (asked.IsCancellationRequested && e is OperationCanceledException or RpcException or IOException)
        {
            // The other half of the stream ended first and is what counts.
        }
    }

    private void LogUnreadable(string node, ImmutableArray<string> problems)
    {
        foreach (var problem in problems)
        {
            Log.Unreadable(logger, node, problem);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Agent of {Node} refused revision {Revision}: {Problem}")]
        public static partial void Refused(ILogger logger, string node, ulong revision, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Facts of {Node} cannot be used: {Problem}")]
        public static partial void Unreadable(ILogger logger, string node, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Agent of {Node} is cut off: {Problem}")]
        public static partial void ProofEnded(ILogger logger, string node, string problem);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Agent of {Node} sent {Case}, which is not known here")]
        public static partial void Unknown(ILogger logger, string node, AgentMessage.MessageOneofCase @case);
    }
}
