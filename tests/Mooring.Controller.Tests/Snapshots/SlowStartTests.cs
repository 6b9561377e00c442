using System.Collections.Immutable;
using System.Net;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Reporting;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Snapshots;

public sealed class SlowStartTests
{
    private readonly SlowStarts _starts = new();
    private readonly List<string> _failing = [];
    private Action<BackendPoolSpec> _change = spec => spec.SlowStart = "90s";
    private int _pods = 3;

    [Fact]
    public void Apply_FirstTime_WhatIsThereHasItsWholeWeight()
    {
        Weights(at: 0).ShouldBe([1, 1, 1]);
        _starts.NextStep.ShouldBeNull();
    }

    [Fact]
    public void Apply_EndpointComesBack_ItsWeightGrowsFromATenth()
    {
        Weights(at: 0);
        _failing.Add("10.71.3.2");
        Weights(at: 1).ShouldBe([100, 100, 10], "it has its first part before it is back");
        _failing.Clear();

        Weights(at: 100).ShouldBe([100, 100, 10]);
        _starts.NextStep!.Value.TotalSeconds.ShouldBe(110, 0.001);
        Weights(at: 110.001).ShouldBe([100, 100, 20]);
        Weights(at: 189).ShouldBe([100, 100, 90]);
        Weights(at: 190).ShouldBe([1, 1, 1]);
        _starts.NextStep.ShouldBeNull();
    }

    [Fact]
    public void Apply_NewPod_StartsSlowly()
    {
        _pods = 2;
        Weights(at: 0);
        _pods = 3;

        Weights(at: 5).ShouldBe([100, 100, 10]);
    }

    [Fact]
    public void Apply_FailsAgainOnTheWay_BeginsAnew()
    {
        Weights(at: 0);
        foreach (var at in (int[])[10, 70])
        {
            _failing.Add("10.71.1.2");
            Weights(at);
            _failing.Clear();
            Weights(at + 5).ShouldBe([10, 100, 100]);
        }
    }

    [Fact]
    public void Apply_LargestWeights_StayWithinWhatCanBePublished()
    {
        _change = spec =>
        {
            spec.SlowStart = "90s";
            spec.Selector = null;
            spec.Endpoints = [new() { Address = "192.0.2.1", Weight = 65_535 }, new() { Address = "192.0.2.2", Weight = 1 }];
        };
        Weights(at: 0);
        _failing.Add("192.0.2.2");

        Weights(at: 1).ShouldBe([65_535, 1]);
    }

    [Theory]
    [InlineData("SourceIpHash", null)]
    [InlineData("Maglev", "ClientIP")]
    public void Apply_ClientsAreToStay_NoWeightChanges(string algorithm, string? affinity)
    {
        _change = spec =>
        {
            (spec.SlowStart, spec.Algorithm) = ("90s", algorithm);
            spec.SessionAffinity = affinity is null ? null : new SessionAffinity { Type = affinity };
        };
        Weights(at: 0);
        _failing.Add("10.71.3.2");

        Weights(at: 1).ShouldBe([1, 1, 1]);
    }

    [Fact]
    public void Describe_OnTheWay_SaysUntilWhen()
    {
        _pods = 2;
        Weights(at: 0);
        _pods = 3;
        Weights(at: 5);

        var pool = _starts.Describe(Build().Pools[0], TimeSpan.FromSeconds(20));

        pool.Remarks[new IPEndPoint(IPAddress.Parse("10.71.3.2"), 8080)]
            .ShouldBe("slow start: its whole weight from 2026-03-01T12:01:35Z on");
        _starts.Describe(Build().Pools[0], TimeSpan.FromSeconds(95)).Remarks.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("0s")]
    [InlineData("2h")]
    public void Read_OutOfRange_IsReported(string value)
    {
        BackendPoolReader.Read(Pool(change: spec => spec.SlowStart = value)).Findings.ShouldHaveSingleItem()
            .ToString().ShouldBe($"spec.slowStart: {value} is out of bounds; set it from 1s to 1h");
    }

    private BuildResult Build()
    {
        var world = ThreeNodes(pools: [Pool(change: _change)]);
        return SnapshotBuilder.Build(world with { Pods = [.. world.Pods.Take(_pods)] });
    }

    private IEnumerable<int> Weights(double at)
    {
        var result = Build();
        var clock = TimeSpan.FromSeconds(at);
        var states = new EndpointStates(result.VirtualIps, AgentsView.Empty with
        {
            Health = ImmutableDictionary<string, ImmutableDictionary<EndpointKey, EndpointVerdict>>.Empty.Add(
                "node-1",
                _failing.ToImmutableDictionary(
                    address => new EndpointKey("default/web:8080", IPAddress.Parse(address), 8080),
                    _ => new EndpointVerdict(false, "refused"))),
        });
        return _starts.Apply(result.Snapshot, result.Pools, states, clock, new DateTimeOffset(Now) + clock)
            .BackendSets[0].Backends.Select(backend => backend.Weight);
    }
}
