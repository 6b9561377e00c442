using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.Tests.KubeApi.Storage;

public sealed class ResourceStoreTests : IAsyncDisposable
{
    private readonly ResourceStore _store = new(StoreImage.Empty, null, watchCacheSize: 3);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task TryPut_ExpectationStale_WritesNothing()
    {
        var first = await _store.TryPutAsync(Key("a"), null, Value(1));
        await _store.TryPutAsync(Key("a"), first, Value(2));

        (await _store.TryPutAsync(Key("a"), first, Value(3))).ShouldBeNull();
        (await _store.TryPutAsync(Key("a"), null, Value(3))).ShouldBeNull();
        _store.Revision.ShouldBe(2);
    }

    [Fact]
    public async Task Subscribe_OlderThanTheWindow_IsNull()
    {
        StoredObject? current = null;
        for (var i = 0; i < 6; i++)
        {
            current = await _store.TryPutAsync(Key("a"), current, Value(i));
        }

        _store.Subscribe("things", 2, out _).ShouldBeNull();
        using var served = _store.Subscribe("things", 3, out _);
        served.ShouldNotBeNull();
        var revisions = new List<long>();
        while (served.Changes.TryRead(out var change))
        {
            revisions.Add(change.Revision);
        }

        revisions.ShouldBe([4, 5, 6]);
    }

    [Fact]
    public async Task Delete_Change_CarriesTheRevisionOfTheDeletion()
    {
        var made = await _store.TryPutAsync(Key("a"), null, Value(1));
        using var watch = _store.Subscribe("things", null, out var snapshot)!;
        snapshot.Objects.Count.ShouldBe(1);

        await _store.TryDeleteAsync(made!);

        watch.Changes.TryRead(out var change).ShouldBeTrue();
        change!.Current.ShouldBeNull();
        ((string)change.Previous!.Read()["metadata"]!["resourceVersion"]!).ShouldBe("2");
    }

    [Fact]
    public async Task Compact_History_IsForgotten()
    {
        var made = await _store.TryPutAsync(Key("a"), null, Value(1));
        await _store.TryPutAsync(Key("a"), made, Value(2));

        _store.Compact();

        _store.Subscribe("things", 1, out _).ShouldBeNull();
        using var now = _store.Subscribe("things", 2, out _);
        now.ShouldNotBeNull();
    }

    private static ObjectKey Key(string name) => new("things", "ns", name);

    private static JsonObject Value(int n) => new() { ["metadata"] = new JsonObject { ["name"] = "a" }, ["n"] = n };
}
