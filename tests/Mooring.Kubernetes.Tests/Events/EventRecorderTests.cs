using System.Net;
using System.Text;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Events;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Events;

public sealed class EventRecorderTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new();
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingLogger<EventRecorder> _log = new();
    private EventRecorder? _recorder;

    public async ValueTask DisposeAsync()
    {
        if (_recorder is not null)
        {
            await _recorder.StopAsync(CancellationToken.None);
            _recorder.Dispose();
        }
    }

    [Fact]
    public async Task Record_NewEvent_NamesObjectSourceAndTimes()
    {
        var recorder = await StartAsync();

        recorder.Record(Service(), EventTypes.Normal, "HolderChanged", "node-1 took over");
        await Eventually.TrueAsync(() => All().Count == 1);

        var sent = All().Single();
        sent.Metadata.NamespaceProperty.ShouldBe("ns");
        sent.Metadata.Name!.ShouldStartWith("web.");
        sent.InvolvedObject.ShouldSatisfyAllConditions(
            o => o.ApiVersion.ShouldBe("v1"),
            o => o.Kind.ShouldBe("Service"),
            o => o.Name.ShouldBe("web"),
            o => o.NamespaceProperty.ShouldBe("ns"),
            o => o.Uid.ShouldBe("u1"));
        sent.Type.ShouldBe("Normal");
        sent.Reason.ShouldBe("HolderChanged");
        sent.Count.ShouldBe(1);
        sent.Source!.Component.ShouldBe("mooring-controller");
        sent.ReportingComponent.ShouldBe("mooring-controller");
        sent.FirstTimestamp.ShouldBe(_time.GetUtcNow().UtcDateTime);
    }

    [Fact]
    public async Task Record_SameAgain_CountsInPlaceOfRepeating()
    {
        var recorder = await StartAsync();
        for (var i = 0; i < 3; i++)
        {
            recorder.Record(Service(), EventTypes.Warning, "Failed", "no node");
            _time.Advance(TimeSpan.FromSeconds(30));
        }

        await Eventually.TrueAsync(() => All() is [{ Count: 3 }]);

        var sent = All().Single();
        sent.LastTimestamp.ShouldBe(sent.FirstTimestamp!.Value.AddSeconds(60));
    }

    [Fact]
    public async Task Record_OtherMessageOrObject_IsAnotherEvent()
    {
        var recorder = await StartAsync();

        recorder.Record(Service(), EventTypes.Normal, "R", "one");
        recorder.Record(Service(), EventTypes.Normal, "R", "two");
        recorder.Record(Service("u2"), EventTypes.Normal, "R", "one");

        await Eventually.TrueAsync(() => All().Count == 3);
    }

    [Fact]
    public async Task Record_EventExpiredOnTheServer_IsToldAnew()
    {
        var recorder = await StartAsync();
        recorder.Record(Service(), EventTypes.Normal, "R", "m");
        await Eventually.TrueAsync(() => All().Count == 1);
        var first = All().Single().Metadata.Name!;
        _cluster.Remove<Corev1Event>(new Mooring.Kubernetes.Runtime.ObjectKey("ns", first));

        recorder.Record(Service(), EventTypes.Normal, "R", "m");
        await Eventually.TrueAsync(() => All().Count == 1);

        All().Single().Metadata.Name.ShouldNotBe(first);
        All().Single().Count.ShouldBe(2);
    }

    [Fact]
    public async Task Record_ManySimilar_AreCombinedAndCountedFromTheTenthOn()
    {
        var recorder = await StartAsync();
        for (var i = 1; i <= 15; i++)
        {
            recorder.Record(Service(), EventTypes.Warning, "Failed", $"attempt {i}");
        }

        recorder.Record(Service(), EventTypes.Warning, "Other", "reason");
        await Eventually.TrueAsync(() => All().Any(sent => sent.Reason == "Other"));

        var failed = All().Where(sent => sent.Reason == "Failed").ToList();
        failed.Count.ShouldBe(10);
        var combined = failed.Single(sent => sent.Message!.StartsWith("(combined", StringComparison.Ordinal));
        combined.Message.ShouldBe("(combined from similar events): attempt 15");
        combined.Count.ShouldBe(6);
    }

    [Fact]
    public async Task Record_SimilarFarApart_AreToldApart()
    {
        var recorder = await StartAsync();
        for (var i = 1; i <= 12; i++)
        {
            recorder.Record(Service(), EventTypes.Warning, "Failed", $"attempt {i}");
            await Eventually.TrueAsync(() => All().Count == i);
            _time.Advance(TimeSpan.FromMinutes(11));
        }

        All().ShouldNotContain(sent => sent.Message!.StartsWith("(combined", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Record_TheSameBeyondTheLimit_IsCountedWhereItIsNotSent()
    {
        var recorder = await StartAsync(o => o.Burst = 2);
        for (var i = 0; i < 10; i++)
        {
            recorder.Record(Service(), EventTypes.Normal, "R", "m");
        }

        recorder.Record(Service("u2"), EventTypes.Normal, "R", "m");
        await Eventually.TrueAsync(() => All().Count == 2);
        All().Single(sent => sent.InvolvedObject.Uid == "u1").Count.ShouldBe(2);

        _time.Advance(TimeSpan.FromMinutes(5.1));
        recorder.Record(Service(), EventTypes.Normal, "R", "m");
        await Eventually.TrueAsync(() => All().Any(sent => sent.Count == 11));
    }

    [Fact]
    public async Task Record_ClusterScopedObject_GoesToTheDefaultNamespace()
    {
        var recorder = await StartAsync();

        recorder.Record(new V1Node { Metadata = new V1ObjectMeta { Name = "n1" } }, EventTypes.Normal, "R", "m");
        await Eventually.TrueAsync(() => All().Count == 1);

        All().Single().Metadata.NamespaceProperty.ShouldBe("default");
        All().Single().InvolvedObject.NamespaceProperty.ShouldBeNull();
    }

    [Fact]
    public async Task Record_StormAboutOneObject_IsLimitedAndOthersAreNot()
    {
        var recorder = await StartAsync(o => o.Burst = 5);
        for (var i = 0; i < 50; i++)
        {
            recorder.Record(Service(), EventTypes.Normal, "Storm", $"{i}");
        }

        recorder.Record(Service("quiet"), EventTypes.Normal, "Quiet", "m");
        await Eventually.TrueAsync(() => All().Any(sent => sent.Reason == "Quiet"));

        All().Count(sent => sent.Reason == "Storm").ShouldBe(5);
        _time.Advance(TimeSpan.FromMinutes(5.1));
        recorder.Record(Service(), EventTypes.Normal, "Storm", "after a while");
        await Eventually.TrueAsync(() => All().Count(sent => sent.Reason == "Storm") == 6);
    }

    [Fact]
    public async Task Record_LongNameAndMessage_AreCutToWhatTheServerTakes()
    {
        var recorder = await StartAsync();
        var service = Service();
        service.Metadata.Name = new string('n', 253);

        recorder.Record(service, EventTypes.Normal, "R", new string('ü', 2000));
        await Eventually.TrueAsync(() => All().Count == 1);

        All().Single().Metadata.Name!.Length.ShouldBeLessThanOrEqualTo(253);
        Encoding.UTF8.GetByteCount(All().Single().Message!).ShouldBeInRange(1020, 1024);
        All().Single().Message!.ShouldEndWith("ü…");
    }

    [Fact]
    public async Task Record_ServerAway_IsTriedAgain()
    {
        var away = true;
        _cluster.Before = (_, _) => away ? throw new HttpRequestException("away") : Task.CompletedTask;
        var recorder = await StartAsync();
        recorder.Record(Service(), EventTypes.Normal, "R", "m");
        await Eventually.TrueAsync(() => !_cluster.Calls.IsEmpty);

        away = false;
        await _time.AdvanceUntilAsync(() => All().Count == 1, TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task Record_Refused_IsLoggedAndTheNextOneGoesOn()
    {
        _cluster.Before = (_, _) => _cluster.Calls.Count == 1
            ? throw FakeCluster.Refusal(HttpStatusCode.Forbidden, "Forbidden")
            : Task.CompletedTask;
        var recorder = await StartAsync();

        recorder.Record(Service(), EventTypes.Normal, "Refused", "m");
        recorder.Record(Service(), EventTypes.Normal, "Taken", "m");
        await Eventually.TrueAsync(() => All().Count == 1);

        All().Single().Reason.ShouldBe("Taken");
        _log.Entries.Count(entry => entry.Level == LogLevel.Warning).ShouldBe(1);
    }

    [Fact]
    public async Task Record_QueueFull_DropsWithoutBlockingOrThrowing()
    {
        var gate = new TaskCompletionSource();
        _cluster.Before = (_, _) => gate.Task;
        var recorder = await StartAsync(o => o.QueueLength = 3);
        recorder.Record(Service(), EventTypes.Normal, "R", "first");
        await Eventually.TrueAsync(() => !_cluster.Calls.IsEmpty);

        for (var i = 0; i < 10; i++)
        {
            recorder.Record(Service(), EventTypes.Normal, "R", $"{i}");
        }

        gate.SetResult();
        await Eventually.TrueAsync(() => All().Count == 4);
        _log.Entries.Count(entry => entry.Message.StartsWith("Dropped", StringComparison.Ordinal)).ShouldBe(7);
    }

    [Fact]
    public async Task Record_WithoutAnObject_DoesNotThrow()
    {
        var recorder = await StartAsync();

        recorder.Record(null!, EventTypes.Normal, "R", "m");
        recorder.Record(new V1Service(), EventTypes.Normal, "R", "m");
        recorder.Record(Service(), EventTypes.Normal, "R", null!);

        await Eventually.TrueAsync(() => All().Count == 1);
    }

    [Fact]
    public async Task Stop_EventsWaiting_SendsThemFirst()
    {
        var gate = new TaskCompletionSource();
        _cluster.Before = (_, _) => gate.Task;
        var recorder = await StartAsync();
        for (var i = 0; i < 5; i++)
        {
            recorder.Record(Service(), EventTypes.Normal, "R", $"{i}");
        }

        await Eventually.TrueAsync(() => !_cluster.Calls.IsEmpty);
        var stop = recorder.StopAsync(CancellationToken.None);
        gate.SetResult();
        await stop.SoonAsync();

        All().Count.ShouldBe(5);
    }

    [Fact]
    public async Task Stop_RightAfterTheStart_SendsWhatWasRecorded()
    {
        // Often enough that the recorder's own task has now and then not begun when it is stopped.
        for (var i = 0; i < 100; i++)
        {
            using var recorder = new EventRecorder(_cluster, new EventRecorderOptions { Component = "mooring-controller" }, _time, _log);
            recorder.Record(Service($"u{i}"), EventTypes.Normal, "R", "m");
            await recorder.StartAsync(CancellationToken.None);
            await recorder.StopAsync(CancellationToken.None);
        }

        All().Count.ShouldBe(100);
    }

    [Fact]
    public async Task Stop_ServerAway_GivesUpInBoundedTime()
    {
        _cluster.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        var recorder = await StartAsync();
        recorder.Record(Service(), EventTypes.Normal, "R", "m");
        await Eventually.TrueAsync(() => !_cluster.Calls.IsEmpty);

        var stop = recorder.StopAsync(CancellationToken.None);
        await _time.AdvanceUntilAsync(() => stop.IsCompleted, TimeSpan.FromSeconds(1));

        await stop;
    }

    private static V1Service Service(string uid = "u1") => new()
    {
        // As on an item of a list.
        ApiVersion = null,
        Kind = null,
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "ns", Uid = uid },
    };

    private IReadOnlyList<Corev1Event> All() => _cluster.All<Corev1Event>();

    private async Task<EventRecorder> StartAsync(Action<EventRecorderOptions>? configure = null)
    {
        var options = new EventRecorderOptions { Component = "mooring-controller" };
        configure?.Invoke(options);
        _recorder = new EventRecorder(_cluster, options, _time, _log);
        await _recorder.StartAsync(CancellationToken.None);
        return _recorder;
    }
}
