using System.Collections.Concurrent;
using Grpc.Core;
using Mooring.Protocol.V1Alpha1;
using Status = Grpc.Core.Status;

namespace Mooring.Controller.Agents;

/// <summary>One stream of one agent.</summary>
internal sealed class AgentSession(string node, string bootId, string version, string peer, ulong appliedRevision)
    : IDisposable
{
    /// <summary>An agent that takes longer for a change gets the next one while it is still at it.</summary>
    public static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closed = new();
    private ulong _refused;
    private ulong _answered;
    private volatile string? _token;

    public string Node { get; } = node;

    public string BootId { get; } = bootId;

    public string Version { get; } = version;

    public string Peer { get; } = peer;

    /// <summary>Revision the agent worked from when it connected; nothing older is sent to it.</summary>
    public ulong AppliedAtStart { get; } = appliedRevision;

    /// <summary>A newer token than the one the stream was opened with; null while there is none.</summary>
    public string? Token
    {
        get => _token;
        set => _token = value;
    }

    /// <summary>It can be asked to probe addresses.</summary>
    public bool ProbesAddresses { get; init; }

    /// <summary>Questions that are still to be sent.</summary>
    public ConcurrentQueue<AddressProbe> Probes { get; } = [];

    /// <summary>Raised when there may be something to send.</summary>
    public ChangeSignal Wake { get; } = new();

    public CancellationToken Closed => _closed.Token;

    /// <summary>Why the controller closed the stream; null while it has not.</summary>
    public Status? CloseStatus { get; private set; }

    /// <summary>Ends the stream from this side.</summary>
    public void Close(Status status)
    {
        CloseStatus ??= status;
        _closed.Cancel();
    }

    /// <summary>Highest revision the agent refused; 0 for none.</summary>
    public ulong Refused => Interlocked.Read(ref _refused);

    /// <summary>The agent refused what it was sent. One reader calls this, so it need not be atomic.</summary>
    public void Refuse(ulong revision)
    {
        Interlocked.Exchange(ref _refused, Math.Max(revision, Refused));
        Wake.Raise();
    }

    /// <summary>How long the agent is still left to work on the last message before it is sent the next.</summary>
    /// <param name="revision">Revision of the last message.</param>
    /// <param name="ago">When that was sent.</param>
    public TimeSpan WaitAfter(ulong revision, TimeSpan ago) =>
        Interlocked.Read(ref _answered) >= revision || ago >= AnswerPatience ? TimeSpan.Zero : AnswerPatience - ago;

    /// <summary>The agent is ready for the next message. One reader calls this, so it need not be atomic.</summary>
    public void Answer(ulong revision)
    {
        Interlocked.Exchange(ref _answered, revision);
        Wake.Raise();
    }

    public void Dispose() => _closed.Dispose();
}
