using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Conformance.Tests.Client;
using Mooring.Conformance.Tests.Cluster;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Events;

namespace Mooring.Conformance.Tests.Events;

public sealed class EventRecorderTests(ConformanceCluster cluster) : ClientTest(cluster)
{
    [Fact]
    public async Task Record_SaysWhatWhereAndWho()
    {
        var map = await Client.CreateAsync(NewMap(), Token);

        await RecordAsync(map, r => r.Record(map, EventTypes.Warning, "Tested", "a message"));

        var one = (await OfAsync(map)).ShouldHaveSingleItem();
        one.Type.ShouldBe("Warning");
        one.Reason.ShouldBe("Tested");
        one.Message.ShouldBe("a message");
        one.InvolvedObject.Kind.ShouldBe("ConfigMap");
        one.InvolvedObject.Name.ShouldBe(Name());
        one.InvolvedObject.Uid.ShouldBe(map.Metadata.Uid);
        one.Metadata.NamespaceProperty.ShouldBe(Namespace);
        one.Source!.Component.ShouldBe("conformance");
        one.Count.ShouldBe(1);
        one.FirstTimestamp.ShouldNotBeNull();
        one.LastTimestamp.ShouldNotBeNull();
    }

    [Fact]
    public async Task Record_TheSameAgain_CountsOnOneEvent()
    {
        var map = await Client.CreateAsync(NewMap(), Token);

        await RecordAsync(map, r =>
        {
            for (var i = 0; i < 4; i++)
            {
                r.Record(map, EventTypes.Normal, "Tested", "again");
            }
        });
        await Eventually.TrueAsync(async () => (await OfAsync(map)) is [{ Count: 4 }], "all four are counted");

        var one = (await OfAsync(map)).ShouldHaveSingleItem();
        one.Count.ShouldBe(4);
        one.LastTimestamp!.Value.ShouldBeGreaterThanOrEqualTo(one.FirstTimestamp!.Value);
    }

    [Fact]
    public async Task Record_OtherReasonsAndMessages_AreOtherEvents()
    {
        var map = await Client.CreateAsync(NewMap(), Token);

        await RecordAsync(map, r =>
        {
            r.Record(map, EventTypes.Normal, "One", "x");
            r.Record(map, EventTypes.Normal, "Two", "x");
            r.Record(map, EventTypes.Normal, "Two", "y");
        }, events: 3);

        (await OfAsync(map)).Select(e => $"{e.Reason} {e.Message}").Order().ShouldBe(["One x", "Two x", "Two y"]);
    }

    [Fact]
    public async Task Record_MoreThanTheBurst_IsHeldBack()
    {
        var map = await Client.CreateAsync(NewMap(), Token);

        await RecordAsync(
            map,
            r =>
            {
                for (var i = 0; i < 20; i++)
                {
                    r.Record(map, EventTypes.Normal, $"Reason{i}", "x");
                }
            },
            events: 5,
            new EventRecorderOptions { Component = "conformance", Burst = 5, PerSecond = 0.001 });

        (await OfAsync(map)).Count.ShouldBe(5);
    }

    [Fact]
    public async Task Record_AboutAClusterScopedObject_IsKeptInTheDefaultNamespace()
    {
        var about = (await Client.GetAsync<V1Namespace>(Namespace, cancellationToken: Token))!;

        await RecordAsync(about, r => r.Record(about, EventTypes.Normal, "Tested", "about a namespace"));

        var found = (await OfAsync(about)).Where(e => e.Reason == "Tested").ToList();
        found.ShouldHaveSingleItem().InvolvedObject.Kind.ShouldBe("Namespace");
    }

    [Fact]
    public async Task Record_AfterTheEventWasDeleted_MakesANewOne()
    {
        var map = await Client.CreateAsync(NewMap(), Token);
        using var recorder = NewRecorder();
        await recorder.StartAsync(Token);
        recorder.Record(map, EventTypes.Normal, "Tested", "again");
        await Eventually.TrueAsync(async () => (await OfAsync(map)).Count == 1);
        await Client.DeleteAsync<Corev1Event>((await OfAsync(map)).Single().Metadata.Name!, Namespace, cancellationToken: Token);

        recorder.Record(map, EventTypes.Normal, "Tested", "again");

        await Eventually.TrueAsync(async () => (await OfAsync(map)).Count == 1);
        await recorder.StopAsync(Token);
    }

    [Fact]
    public async Task Events_BySelectors_AreFound()
    {
        var map = await Client.CreateAsync(NewMap(), Token);
        await RecordAsync(map, r => r.Record(map, EventTypes.Warning, "Tested", "x"));

        foreach (var selector in (string[])["type=Warning", "reason=Tested", $"involvedObject.name={Name()}", "involvedObject.kind=ConfigMap", "source=conformance"])
        {
            var found = await Client.ListAsync<Corev1Event>(Namespace, new ListOptions { FieldSelector = $"involvedObject.uid={map.Metadata.Uid},{selector}" }, Token);
            found.Items.Count.ShouldBe(1, selector);
        }
    }

    [Fact]
    public async Task Events_OfTheEventsGroup_AreTheSameObjects()
    {
        var map = await Client.CreateAsync(NewMap(), Token);
        await RecordAsync(map, r => r.Record(map, EventTypes.Normal, "Tested", "the note"));
        var name = (await OfAsync(map)).Single().Metadata.Name;

        var other = (await Api.GetAsync($"apis/events.k8s.io/v1/namespaces/{Namespace}/events/{name}")).Ok(200);

        other.Json.Text("note").ShouldBe("the note");
        other.Json.Text("regarding.name").ShouldBe(Name());
        ((int)other["deprecatedCount"]!).ShouldBe(1);
    }

    [Fact]
    public async Task Event_OfAnotherNamespaceThanItsObject_IsInvalid() => (await Api.PostAsync(Of("events"), $$$"""
        {"apiVersion":"v1","kind":"Event","metadata":{"name":"{{{Name()}}}"},"reason":"Tested","message":"x","type":"Normal",
         "involvedObject":{"kind":"ConfigMap","name":"x","namespace":"default"}}
        """)).Refused(422, "Invalid", "involvedObject.namespace");

    private EventRecorder NewRecorder(EventRecorderOptions? options = null) => new(
        Client, options ?? new EventRecorderOptions { Component = "conformance" }, TimeProvider.System, NullLogger<EventRecorder>.Instance);

    /// <summary>Records, and waits until as many events are stored as the case expects.</summary>
    private async Task RecordAsync(IKubernetesObject<V1ObjectMeta> about, Action<IEventRecorder> record, int events = 1, EventRecorderOptions? options = null)
    {
        using var recorder = NewRecorder(options);
        await recorder.StartAsync(Token);
        record(recorder);
        await Eventually.TrueAsync(async () => (await OfAsync(about)).Count >= events, $"{events} events are stored");

        // What is still queued is sent on the way down.
        await recorder.StopAsync(Token);
    }

    private async Task<IReadOnlyList<Corev1Event>> OfAsync(IKubernetesObject<V1ObjectMeta> about) => (await Client.ListAsync<Corev1Event>(
        about.Metadata.NamespaceProperty ?? "default", new ListOptions { FieldSelector = $"involvedObject.uid={about.Metadata.Uid}" }, Token)).Items;
}
