using System.Collections.Immutable;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Snapshots;

public sealed class BackendSetChangesTests
{
    private static readonly ImmutableArray<BackendSet> Three = [Set("a"), Set("b"), Set("c")];

    [Fact]
    public void Between_OtherContents_AreTheSetsThatChanged()
    {
        var other = Set("b");

        var changes = BackendSetChanges.Between(Three, Three.SetItem(1, other));

        changes.Before.ShouldBe([Three[1]]);
        changes.Now.ShouldHaveSingleItem().ShouldBeSameAs(other);
    }

    [Fact]
    public void Between_AddedOrRemoved_AreThoseAlone()
    {
        var more = Three.Insert(0, Set("0"));

        BackendSetChanges.Between(Three, more).Before.ShouldBeEmpty();
        BackendSetChanges.Between(Three, more).Now.ShouldHaveSingleItem().ShouldBeSameAs(more[0]);
        BackendSetChanges.Between(more, Three).Before.ShouldHaveSingleItem().ShouldBeSameAs(more[0]);
        BackendSetChanges.Between(more, Three).Now.ShouldBeEmpty();
    }

    [Fact]
    public void Alter_WhatIsTakenIsAsBefore_IsFalse()
    {
        var changes = BackendSetChanges.Between(Three, Three.SetItem(1, Three[1] with { HoldsWithoutBackends = true }));

        changes.Alter(set => (set.Id, set.Algorithm)).ShouldBeFalse();
        changes.Alter(set => (set.Id, set.HoldsWithoutBackends)).ShouldBeTrue();
        BackendSetChanges.Between(Three, Three.RemoveAt(0)).Alter(set => set.Id).ShouldBeTrue();
    }

    [Fact]
    public void Between_Same_IsNothing() =>
        BackendSetChanges.Between(Three, [.. Three]).ShouldSatisfyAllConditions(
            changes => changes.Before.ShouldBeEmpty(), changes => changes.Now.ShouldBeEmpty());

    private static BackendSet Set(string id) => new() { Id = id, Pool = new NamespacedName("default", id) };
}
