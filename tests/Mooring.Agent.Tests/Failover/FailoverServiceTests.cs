using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Mooring.Agent.Failover;
using Mooring.Agent.Speaker;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.Failover;

/// <summary>Real heartbeats between three services in network namespaces, and one service alone.</summary>
public sealed class FailoverServiceTests
{
    private static readonly IPAddress Vip = IPAddress.Parse("10.99.0.100");

    [Fact]
    public async Task ThreeNodes_KilledUnpluggedHealedAndStopped_AlwaysOneHolder()
    {
        Assert.SkipUnless(TestSegment.WhyNot is null, TestSegment.WhyNot ?? "");
        using var segment = new TestSegment();
        TestAgent[] agents = [.. Enumerable.Range(1, TestSegment.Nodes).Select(n => new TestAgent(n, segment[n]))];
        try
        {
            var snapshot = Snapshot("node-1", "node-2", "node-3");
            for (var i = 0; i < agents.Length; i++)
            {
                await agents[i].StartAsync(snapshot, TestSegment.Interfaces(i + 1));
            }

            // A single first claim, which everybody hears of.
            var first = await SoleHolderAsync(agents);
            await Eventually.HoldsAsync(
                () => agents.All(agent => agent.Service.States is [{ } state] && state.Holder == first.Name),
                "all nodes know the holder");

            // A crash: another takes over under a higher term.
            await first.KillAsync();
            var second = await SoleHolderAsync([.. agents.Where(agent => agent != first)]);
            var taken = await ChangeAsync(second, AddressRole.Holder);
            taken.Term.ShouldBeGreaterThan(1UL);
            taken.PreviousHolder.ShouldNotBeNull();
            taken.Takeover.ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero);

            // It comes back and leaves things as they are.
            await first.RestartAsync(snapshot, TestSegment.Interfaces(Number(first)));
            await Eventually.HoldsAsync(
                () => first.Service.States is [{ Role: AddressRole.Standby }], "the restarted node stands by");

            // The holder leaves the segment unawares: somebody else holds; when it is back one of them does.
            var holder = await SoleHolderAsync(agents);
            segment.Unplug(Number(holder));
            var others = agents.Where(agent => agent != holder).ToArray();
            await SoleHolderAsync(others);
            segment.Plug(Number(holder));
            await Eventually.HoldsAsync(() => agents.Count(agent => agent.Answers(Vip)) == 1, "one holder after healing");

            // The link of the holder goes down and it is told.
            holder = await SoleHolderAsync(agents);
            holder.Service.InterfacesChanged(TestSegment.Interfaces(Number(holder), up: false));
            await Eventually.HoldsAsync(() => !holder.Answers(Vip), "released with its link");
            others = [.. agents.Where(agent => agent != holder)];
            await SoleHolderAsync(others);
            holder.Service.InterfacesChanged(TestSegment.Interfaces(Number(holder)));

            // A graceful stop hands over before it returns.
            holder = await SoleHolderAsync(agents);
            await holder.Service.StopAsync(CancellationToken.None);
            holder.Answers(Vip).ShouldBeFalse();
            await SoleHolderAsync([.. agents.Where(agent => agent != holder)]);
        }
        finally
        {
            foreach (var agent in agents)
            {
                await agent.DisposeAsync();
            }
        }

        int Number(TestAgent agent) => Array.IndexOf(agents, agent) + 1;
    }

    [Fact]
    public async Task KeysRotated_StepByStepOnOneNodeAfterTheOther_NothingMoves()
    {
        Assert.SkipUnless(TestSegment.WhyNot is null, TestSegment.WhyNot ?? "");
        using var segment = new TestSegment();
        TestAgent[] agents = [.. Enumerable.Range(1, TestSegment.Nodes).Select(n => new TestAgent(n, segment[n]))];
        try
        {
            var snapshot = Slow(Snapshot("node-1", "node-2", "node-3"));
            var before = snapshot.HeartbeatKeys[0];
            var after = new HeartbeatKey((byte)(before.Id + 1), [.. Enumerable.Repeat((byte)7, HeartbeatKey.SecretLength)]);
            for (var i = 0; i < agents.Length; i++)
            {
                await agents[i].StartAsync(snapshot, TestSegment.Interfaces(i + 1));
            }

            var holder = await SoleHolderAsync(agents);
            var term = (await ChangeAsync(holder, AddressRole.Holder)).Term;
            ImmutableArray<HeartbeatKey>[] steps = [[before, after], [after, before], [after]];
            foreach (var keys in steps)
            {
                snapshot = snapshot with { Revision = snapshot.Revision + 1, HeartbeatKeys = keys };
                foreach (var agent in agents)
                {
                    // Who is not heard for ten intervals loses the address.
                    var intervals = holder.Speaker.Extensions;
                    agent.Service.ApplySnapshot(snapshot);
                    await Eventually.HoldsAsync(() => holder.Speaker.Extensions > intervals + 12, "the holder goes on");
                }
            }

            agents.ShouldAllBe(agent => agent.Service.States.Single().Holder == holder.Name);
            agents.ShouldAllBe(agent => agent.Service.States.Single().Term == term);
        }
        finally
        {
            foreach (var agent in agents)
            {
                await agent.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task GarbageOnThePort_IsIgnored()
    {
        Assert.SkipUnless(TestSegment.WhyNot is null, TestSegment.WhyNot ?? "");
        using var segment = new TestSegment();
        await using var agent = new TestAgent(1, segment[1]);
        await agent.StartAsync(Snapshot("node-1"), TestSegment.Interfaces(1));
        await SoleHolderAsync([agent]);

        using var sender = segment[2].Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        var random = new Random(20240609);
        var to = new IPEndPoint(TestSegment.AddressOf(1), FailoverOptions.DefaultPort);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = new byte[i % 50 == 0 ? 9000 : random.Next(0, 1500)];
            random.NextBytes(bytes);
            if (i % 3 == 0 && bytes.Length > 8)
            {
                Encoding.ASCII.GetBytes("MRHB\u0001").CopyTo(bytes, 0);
            }

            await sender.SendToAsync(bytes, to);
        }

        agent.Service.SetControllerConnected(true);
        agent.Service.States.ShouldHaveSingleItem().Role.ShouldBe(AddressRole.Holder);
        agent.Service.InterfacesChanged(TestSegment.Interfaces(1, up: false));
        await Eventually.HoldsAsync(() => !agent.Answers(Vip), "it still takes orders");
    }

    [Fact]
    public async Task OldKeyAndReplay_AreRefusedLoggedAndCounted()
    {
        Assert.SkipUnless(TestSegment.WhyNot is null, TestSegment.WhyNot ?? "");
        using var segment = new TestSegment();
        await using var agent = new TestAgent(1, segment[1]);
        var counted = new ConcurrentQueue<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, all) =>
        {
            if (instrument.Name == "mooring_heartbeats_received_total" && instrument.Meter.Scope == agent.Meters)
            {
                all.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => counted.Enqueue((string)tags[0].Value!));
        listener.Start();
        var snapshot = Snapshot("node-1", "node-2");
        await agent.StartAsync(snapshot, TestSegment.Interfaces(1));
        await SoleHolderAsync([agent]);

        using var sender = segment[2].Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        var to = new IPEndPoint(TestSegment.AddressOf(1), FailoverOptions.DefaultPort);
        var key = snapshot.HeartbeatKeys[0];
        var old = new HeartbeatKey(9, key.Secret);
        var forged = new HeartbeatKey(key.Id, [.. Enumerable.Repeat((byte)8, HeartbeatKey.SecretLength)]);
        foreach (var packet in (byte[][])[Packet(old, 1), Packet(forged, 1), Packet(key, 1), Packet(key, 1)])
        {
            await sender.SendToAsync(packet, to);
        }

        string[] refused = [nameof(HeartbeatDecodeResult.UnknownKey), nameof(HeartbeatDecodeResult.BadMac), nameof(HeartbeatDecodeResult.Replayed)];
        await Eventually.HoldsAsync(() => counted.Count >= 4, "all are counted");
        counted.ShouldBe([refused[0], refused[1], nameof(HeartbeatDecodeResult.Ok), refused[2]]);
        foreach (var reason in refused)
        {
            agent.Log.Lines.Count(line => line.Contains(reason)).ShouldBe(1, reason);
        }

        static byte[] Packet(HeartbeatKey key, ulong sequence)
        {
            var bytes = new byte[HeartbeatCodec.MaxLength];
            var length = HeartbeatCodec.Encode(bytes, "node-1", sequence, new Heartbeat { Sender = "node-2", Epoch = 5 }, [], key, out _);
            return bytes[..length];
        }
    }

    [Fact]
    public async Task Alone_TakesTheAddressAndReports()
    {
        await using var agent = new TestAgent(1);
        await agent.StartAsync(Snapshot("node-1"), Unbindable());

        var change = await ChangeAsync(agent, AddressRole.Holder);

        change.Reason.ShouldBe(HolderChangeReason.InitialClaim);
        change.Term.ShouldBe(1UL);
        change.Held.ShouldBeTrue();
        agent.Answers(Vip).ShouldBeTrue();
        agent.Speaker.Watched.ShouldBe([Vip]);
        await Eventually.HoldsAsync(
            () => agent.Service.States is [{ Role: AddressRole.Holder, Holder: "node-1", Term: 1 }], "states follow");
    }

    [Fact]
    public async Task Restarted_ClaimsUnderAHigherTerm()
    {
        await using var agent = new TestAgent(1);
        await agent.StartAsync(Snapshot("node-1"), Unbindable());
        var before = await ChangeAsync(agent, AddressRole.Holder);
        await agent.KillAsync();

        await agent.RestartAsync(Snapshot("node-1"), Unbindable());

        (await ChangeAsync(agent, AddressRole.Holder)).Term.ShouldBeGreaterThan(before.Term);
    }

    [Fact]
    public async Task AnnouncementFails_IsFencedAndTriedAgain()
    {
        await using var agent = new TestAgent(1);
        agent.Speaker.Broken = true;
        await agent.StartAsync(Snapshot("node-1"), Unbindable());

        (await ChangeAsync(agent, AddressRole.Fenced)).Reason.ShouldBe(HolderChangeReason.AnnounceFailed);
        agent.Speaker.Broken = false;

        await ChangeAsync(agent, AddressRole.Holder);
        await Eventually.HoldsAsync(() => agent.Answers(Vip), "held once it can be");
    }

    [Fact]
    public async Task SnapshotWithoutKeys_IsNotActedOn()
    {
        await using var agent = new TestAgent(1);
        await agent.StartAsync(Snapshot("node-1", "node-2") with { HeartbeatKeys = [] }, Unbindable());
        agent.Service.ApplySnapshot(Snapshot("node-1"));

        await ChangeAsync(agent, AddressRole.Holder);
        agent.Service.States.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task ForeignClaimSeenBySpeaker_IsPublishedAsConflict()
    {
        await using var agent = new TestAgent(1);
        await agent.StartAsync(Snapshot("node-1"), Unbindable());
        await ChangeAsync(agent, AddressRole.Holder);
        var foreign = PhysicalAddress.Parse("06-00-00-00-00-99");

        agent.Speaker.See(new ObservedClaim(Vip, foreign, "eth0", TimeProvider.System.GetTimestamp()));

        var conflict = await NextAsync<FailoverEvent.Conflict>(agent, _ => true);
        conflict.Address.ShouldBe(Vip);
        conflict.MacAddress.ShouldBe(foreign);
        conflict.Node.ShouldBeNull();
    }

    /// <summary>An interface that is not there: no socket can be opened, which a node alone does not need.</summary>
    private static IReadOnlyList<NodeInterface> Unbindable() => TestSegment.Interfaces(1);

    private static async Task<TestAgent> SoleHolderAsync(IReadOnlyCollection<TestAgent> agents) =>
        await Eventually.GetAsync(
            () => agents.Where(agent => agent.Answers(Vip)).ToArray() is [var only] ? only : null,
            $"one of {string.Join(", ", agents.Select(agent => agent.Name))} holds the address");

    private static Task<FailoverEvent.HolderChange> ChangeAsync(TestAgent agent, AddressRole role) =>
        NextAsync<FailoverEvent.HolderChange>(agent, change => change.Role == role);

    private static async Task<T> NextAsync<T>(TestAgent agent, Func<T, bool> match)
        where T : FailoverEvent
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            if (await agent.Events.ReadAsync(limit.Token) is T found && match(found))
            {
                return found;
            }
        }
    }

    /// <summary>A busy machine is not taken for a dead node.</summary>
    private static ClusterSnapshot Slow(ClusterSnapshot snapshot) => snapshot with
    {
        VirtualIps = [.. snapshot.VirtualIps.Select(vip => vip with { DetectMultiplier = 10 })],
    };

    private static ClusterSnapshot Snapshot(params string[] candidates) => new()
    {
        Revision = 1,
        HeartbeatKeys = [new HeartbeatKey(1, [.. Enumerable.Repeat((byte)7, HeartbeatKey.SecretLength)])],
        Nodes = [.. candidates.Select((name, i) => new NodePeer { Name = name, Interfaces = TestSegment.Interfaces(i + 1) })],
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [new AddressIntent { Address = Vip, Candidates = [.. candidates] }],
            },
        ],
    };
}
