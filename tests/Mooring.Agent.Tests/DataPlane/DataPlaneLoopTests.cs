using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Mooring.Agent.DataPlane;
using Mooring.Agent.Tests.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Tests.DataPlane;

public sealed class DataPlaneLoopTests : IAsyncLifetime
{
    private static readonly IPEndPoint Backend = new(IPAddress.Parse("10.71.1.2"), 8080);

    private readonly FakeDataPlane _dataPlane = new();
    private readonly ListLogger<DataPlaneLoop> _log = new();
    private readonly DataPlaneLoop _loop;
    private volatile bool _unhealthy;

    public DataPlaneLoopTests()
    {
        _loop = new DataPlaneLoop(_dataPlane, "node-1", (_, _) => _unhealthy ? false : null, TimeProvider.System, _log);
    }

    public async ValueTask InitializeAsync() => await _loop.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _loop.StopAsync(CancellationToken.None);
        _loop.Dispose();
    }

    [Fact]
    public async Task Apply_Snapshot_IsInTheKernelWhenItReturns()
    {
        (await _loop.ApplyAsync(TestSnapshots.Web(1, Backend), CancellationToken.None)).ShouldBeEmpty();

        _dataPlane.Applied.ShouldHaveSingleItem().Services.ShouldHaveSingleItem().Backends.Length.ShouldBe(1);
    }

    [Fact]
    public async Task VerdictsChanged_BackendUnhealthy_IsTakenOut()
    {
        await _loop.ApplyAsync(TestSnapshots.Web(1, Backend), CancellationToken.None);

        _unhealthy = true;
        _loop.VerdictsChanged();

        await Eventually.HoldsAsync(() => _dataPlane.Applied.Last().Services[0].Backends.IsEmpty, "the backend is out");
    }

    [Fact]
    public async Task Apply_ManyWhileBusy_AreDoneInOneGo()
    {
        using var closed = new SemaphoreSlim(0);
        _dataPlane.OnApply = state =>
        {
            if (_dataPlane.Applied.IsEmpty)
            {
                closed.Wait();
            }

            return new ApplyResult(1, []);
        };
        var first = _loop.ApplyAsync(TestSnapshots.Web(1), CancellationToken.None);
        var others = Enumerable.Range(2, 20)
            .Select(revision => _loop.ApplyAsync(TestSnapshots.Web((ulong)revision), CancellationToken.None))
            .ToArray();
        closed.Release();
        await first;
        await Task.WhenAll(others);

        _dataPlane.Applied.Count.ShouldBeInRange(1, 3);
    }

    [Fact]
    public async Task Apply_EngineThrows_IsReportedAndTriedAgain()
    {
        var failures = 2;
        _dataPlane.OnApply = state => failures-- > 0 ? throw new IOException("netlink: EBUSY") : new ApplyResult(1, []);

        var problems = await _loop.ApplyAsync(TestSnapshots.Web(1), CancellationToken.None);

        var problem = problems.ShouldHaveSingleItem();
        (problem.Object, problem.Field, problem.Message).ShouldBe(("", "data_plane", "data plane: netlink: EBUSY"));
        await Eventually.HoldsAsync(() => !_dataPlane.Applied.IsEmpty, "applied at last");
    }

    [Fact]
    public async Task ProblemsChanged_FailureGoesOnAndIsMended_IsToldOnceEach()
    {
        var told = new ConcurrentQueue<string>();
        _loop.ProblemsChanged += problems => told.Enqueue(string.Join(';', problems.Select(problem => problem.Message)));
        await _loop.ApplyAsync(TestSnapshots.Web(1), CancellationToken.None);
        var failures = 3;
        _dataPlane.OnApply = state => failures-- > 0 ? throw new IOException("netlink: EBUSY") : new ApplyResult(1, []);

        _loop.VerdictsChanged();

        await Eventually.HoldsAsync(() => told.Count == 2, "told that it fails, and that it is mended");
        told.ShouldBe(["data plane: netlink: EBUSY", ""]);
    }

    [Fact]
    public async Task ProblemsChanged_AnswerSaidSo_IsToldOnlyWhenMended()
    {
        var told = new ConcurrentQueue<int>();
        _loop.ProblemsChanged += problems => told.Enqueue(problems.Length);
        var failures = 1;
        _dataPlane.OnApply = state => failures-- > 0 ? throw new IOException("netlink: EBUSY") : new ApplyResult(1, []);

        (await _loop.ApplyAsync(TestSnapshots.Web(1), CancellationToken.None)).ShouldHaveSingleItem();

        await Eventually.HoldsAsync(() => !told.IsEmpty, "told that it is mended");
        told.ShouldBe([0]);
    }

    [Fact]
    public async Task Apply_KernelRefusesAService_IsReportedByNameAndSaidOnce()
    {
        _dataPlane.OnApply = state => new ApplyResult(0, [(state.Services[0], "Operation not supported")]);

        var problems = await _loop.ApplyAsync(TestSnapshots.Web(1), CancellationToken.None);

        problems.ShouldHaveSingleItem().Object.ShouldBe("default/web");
        problems[0].Message.ShouldContain("10.70.0.100:80 could not be programmed: Operation not supported");
        await Eventually.HoldsAsync(() => _dataPlane.Applied.Count >= 2, "tried again");
        _log.Lines.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Verify_NothingFound_WhatWasRefusedStillCounts()
    {
        _dataPlane.OnApply = state => new ApplyResult(0, [(state.Services[0], "Operation not permitted")]);
        await _loop.ApplyAsync(TestSnapshots.Web(1), CancellationToken.None);
        var before = Volatile.Read(ref _dataPlane.Verified);

        _dataPlane.Changes.Release();

        await Eventually.HoldsAsync(() => Volatile.Read(ref _dataPlane.Verified) > before, "compared");
        await _loop.CountersAsync(CancellationToken.None);
        _loop.Problems.ShouldBe(1);
        _log.Lines.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Verify_RepairRefusedForAWhile_IsToldAndSoIsItsEnd()
    {
        await _loop.ApplyAsync(TestSnapshots.Web(1), CancellationToken.None);
        var told = new ConcurrentQueue<ImmutableArray<Problem>>();
        _loop.ProblemsChanged += told.Enqueue;
        var refused = 3;
        _dataPlane.OnApply = state => Interlocked.Decrement(ref refused) > 0
            ? new ApplyResult(0, [(state.Services[0], "Operation not permitted")])
            : new ApplyResult(1, []);
        var service = _dataPlane.Applied.Last().Services[0];
        _dataPlane.OnVerify = () => new VerifyResult(["service was changed by nft"])
        {
            Repair = new ApplyResult(0, [(service, "Operation not permitted")]),
        };

        _dataPlane.Changes.Release();
        await Eventually.HoldsAsync(() => !told.IsEmpty, "told that the repair was refused");
        _dataPlane.OnVerify = () => new VerifyResult([]);

        await Eventually.HoldsAsync(() => told.Last().IsEmpty, "told that it is whole again");
        told.First().ShouldHaveSingleItem().Message.ShouldContain("10.70.0.100:80 could not be programmed: Operation not permitted");
        _loop.Problems.ShouldBe(0);
    }

    [Fact]
    public async Task Apply_ThousandsRefused_LogNamesSome()
    {
        _dataPlane.OnApply = state => new ApplyResult(
            0, [.. Enumerable.Repeat((state.Services[0], "Operation not permitted"), 10_000)]);

        (await _loop.ApplyAsync(TestSnapshots.Web(1), CancellationToken.None)).Length.ShouldBe(10_000);

        var line = _log.Lines.ShouldHaveSingleItem();
        line.ShouldContain("10000 problems");
        line.Length.ShouldBeLessThan(2000);
    }

    [Fact]
    public async Task Watch_AnotherProgramChangedSomething_IsCompared()
    {
        await _loop.ApplyAsync(TestSnapshots.Web(1, Backend), CancellationToken.None);
        var before = Volatile.Read(ref _dataPlane.Verified);

        _dataPlane.Changes.Release();

        await Eventually.HoldsAsync(() => Volatile.Read(ref _dataPlane.Verified) > before, "compared");
    }

    [Fact]
    public async Task HolderChanged_IsToldToTheEngine()
    {
        _loop.HolderChanged(IPAddress.Parse("10.70.0.100"), held: true);

        await Eventually.HoldsAsync(() => _dataPlane.Held.GetValueOrDefault(IPAddress.Parse("10.70.0.100")), "held");
    }
}
