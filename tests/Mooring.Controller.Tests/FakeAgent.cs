using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;
using Snapshot = Mooring.Core.Snapshots.ClusterSnapshot;

namespace Mooring.Controller.Tests;

/// <summary>
/// An agent as far as the controller sees it: it speaks the protocol, checks and applies what it gets, and takes an
/// address for which it is ranked first while no one else does.
/// </summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<AgentMessage, ControllerMessage> _call;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly bool _acks;
    private readonly Dictionary<string, ulong> _held;
    private Task _reading = Task.CompletedTask;

    private FakeAgent(
        string controller, string node, bool acks, Dictionary<string, ulong> held, FakeCredentials? credentials)
    {
        Node = node;
        _acks = acks;
        _held = held;
        _channel = credentials?.Open(controller) ?? GrpcChannel.ForAddress(
            controller, new GrpcChannelOptions { MaxReceiveMessageSize = SnapshotLimits.MaxControllerMessageBytes });
        _call = new AgentService.AgentServiceClient(_channel).Connect(credentials?.Headers, cancellationToken: _stop.Token);
    }

    public string Node { get; }

    public Snapshot? Current { get; private set; }

    public List<ControllerMessage.MessageOneofCase> Received { get; } = [];

    public RpcException? Ended { get; private set; }

    public IReadOnlyDictionary<string, ulong> Held
    {
        get
        {
            lock (_held)
            {
                return new Dictionary<string, ulong>(_held);
            }
        }
    }

    /// <param name="claims">Take addresses it is ranked first for.</param>
    public static async Task<FakeAgent> ConnectAsync(
        string controller,
        string node,
        string address = "10.70.0.11",
        Action<Hello>? hello = null,
        bool acks = true,
        bool claims = false,
        IReadOnlySet<string>? occupied = null,
        FakeCredentials? credentials = null,
        params (string Address, ulong Term)[] held)
    {
        var agent = new FakeAgent(controller, node, acks, held.ToDictionary(entry => entry.Address, entry => entry.Term), credentials)
        {
            Claims = claims,
            Occupied = occupied,
        };
        var message = new Hello
        {
            NodeName = node,
            AgentVersion = "0.1.0",
            ProtocolVersion = 1,
            BootId = Guid.NewGuid().ToString(),
            Facts = Facts(address),
            ProbesAddresses = occupied is not null,
        };
        message.Addresses.AddRange(held.Select(entry => new AddressState
        {
            Address = entry.Address,
            Role = Role.Holder,
            Term = entry.Term,
            Since = Timestamp.FromDateTime(Fixtures.Now),
        }));
        hello?.Invoke(message);
        await agent.SendAsync(new AgentMessage { Hello = message });
        agent._reading = agent.ReadAsync();
        return agent;
    }

    public bool Claims { get; init; }

    /// <summary>Addresses that a stranger uses, as the network would say; null for an agent that does not look.</summary>
    public IReadOnlySet<string>? Occupied { get; init; }

    public static Mooring.Protocol.V1Alpha1.NodeFacts Facts(string address)
    {
        var facts = new Mooring.Protocol.V1Alpha1.NodeFacts();
        facts.ForwardingModes.Add(Mooring.Protocol.V1Alpha1.ForwardingMode.Nat);
        facts.Interfaces.Add(new NetworkInterface
        {
            Name = "eth0",
            Index = 2,
            Up = true,
            Mtu = 1500,
            MacAddress = ByteString.CopyFrom(2, 0, 0, 0, 0, byte.Parse(address.Split('.')[3])),
            Addresses = { $"{address}/24" },
        });
        return facts;
    }

    public async Task SendAsync(AgentMessage message)
    {
        await _writing.WaitAsync();
        try
        {
            await _call.RequestStream.WriteAsync(message);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or OperationCanceledException)
        {
            // The stream has ended; reading says how.
        }
        finally
        {
            _writing.Release();
        }
    }

    public Task TakeAsync(string address, ulong term, string previous = "", string reason = "HeartbeatTimeout")
    {
        lock (_held)
        {
            _held[address] = term;
        }

        return SendAsync(new AgentMessage
        {
            Holder = new HolderReport
            {
                Address = address,
                Role = Role.Holder,
                Term = term,
                At = Timestamp.FromDateTime(Fixtures.Now),
                PreviousHolder = previous,
                Reason = reason,
                Detect = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(301)),
                Takeover = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(2)),
            },
        });
    }

    public Task ReportHealthAsync(string set, string address, uint port, bool healthy, string reason) =>
        SendAsync(new AgentMessage
        {
            Health = new HealthReport
            {
                Endpoints =
                {
                    new EndpointHealth
                    {
                        BackendSetId = set, Address = address, Port = port, Healthy = healthy, Reason = reason,
                    },
                },
            },
        });

    /// <summary>As a process that is killed: the connection breaks without a word.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _call.Dispose();
        _channel.Dispose();
        _stop.Dispose();
    }

    private Task AnswerAsync(AddressProbe probe)
    {
        if (Occupied is null)
        {
            return Task.CompletedTask;
        }

        var result = new AddressProbeResult();
        result.Addresses.AddRange(probe.Addresses.Select(address => new ProbedAddress
        {
            Address = address,
            MacAddress = Occupied.Contains(address) ? ByteString.CopyFrom(0x52, 0x54, 0, 0, 0, 9) : ByteString.Empty,
        }));
        return SendAsync(new AgentMessage { Probed = result });
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _call.ResponseStream.MoveNext(_stop.Token))
            {
                if (_call.ResponseStream.Current.Probe is { } probe)
                {
                    await AnswerAsync(probe);
                    continue;
                }

                await TakeAsync(_call.ResponseStream.Current);
            }
        }
        catch (RpcException e)
        {
            Ended = e;
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    /// <summary>The node that an address is to move to takes it; the one that has it gives it up.</summary>
    private async Task MoveAsync(string address, ulong term, string to)
    {
        if (to == Node && !Held.ContainsKey(address))
        {
            await TakeAsync(address, term + 1, "", "Planned");
        }
        else if (to != Node && Held.ContainsKey(address))
        {
            lock (_held)
            {
                _held.Remove(address);
            }
        }
    }

    private async Task TakeAsync(ControllerMessage message)
    {
        var result = message.MessageCase == ControllerMessage.MessageOneofCase.Snapshot
            ? SnapshotMapping.ToCore(message.Snapshot, Current?.Revision ?? 0)
            : SnapshotDiff.Apply(Current ?? Snapshot.Empty, message.Delta);
        lock (Received)
        {
            Received.Add(message.MessageCase);
        }

        Current = result.Snapshot ?? Current;
        if (!_acks)
        {
            return;
        }

        var revision = message.Snapshot?.Revision ?? message.Delta.Revision;
        var ack = new Ack { Revision = revision, Applied = result.Accepted };
        ack.Problems.AddRange(result.Problems);
        await SendAsync(new AgentMessage { Ack = ack });
        foreach (var move in Claims ? Current!.VirtualIps.SelectMany(vip => vip.Addresses).Where(intent => intent.Move is not null) : [])
        {
            await MoveAsync(move.Address.ToString(), move.Term, move.Move!.To);
        }

        foreach (var address in Claims ? Current!.VirtualIps.SelectMany(vip => vip.Addresses) : [])
        {
            if (!address.Candidates.IsEmpty && address.Candidates[0] == Node && !Held.ContainsKey(address.Address.ToString()))
            {
                await TakeAsync(address.Address.ToString(), address.Term + 1, "", "InitialClaim");
            }
        }
    }
}
