using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Tests.Snapshots;

public sealed class SnapshotDiffTests
{
    [Fact]
    public void ApplyOfCompute_RandomSnapshots_IsTheIdentity()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new RandomSnapshots(seed);
            var current = random.Next(revision: 1);
            for (var step = 0; step < 10; step++)
            {
                var next = random.Change(current);
                var delta = SnapshotDiff.Compute(current, next).ShouldNotBeNull();

                var result = SnapshotDiff.Apply(current, Delta.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(delta)));

                result.Problems.ShouldBeEmpty($"seed {seed} step {step}");
                SnapshotMapping.ToProto(result.Snapshot!).ShouldBe(SnapshotMapping.ToProto(next), $"seed {seed} step {step}");
                current = result.Snapshot!;
            }
        }
    }

    [Fact]
    public void Compute_OnlyOneBackendChanged_SendsOnlyItsSet()
    {
        var before = SnapshotMapping.ToCore(SnapshotMappingTests.Good()).Snapshot!;
        var set = before.BackendSets[0];
        var to = before with
        {
            Revision = 8,
            BackendSets = [set with { Backends = [set.Backends[0] with { Condition = Core.Snapshots.BackendCondition.Draining }] }],
        };

        var delta = SnapshotDiff.Compute(before, to).ShouldNotBeNull();

        delta.BackendSets.ShouldHaveSingleItem().Id.ShouldBe("default/web:8080");
        delta.VirtualIps.ShouldBeEmpty();
        delta.Nodes.ShouldBeEmpty();
        delta.HeartbeatKeys.ShouldBeEmpty();
    }

    [Fact]
    public void Compute_EqualObjectsOfOtherInstances_AreNotSent()
    {
        var before = SnapshotMapping.ToCore(SnapshotMappingTests.Good()).Snapshot!;
        var to = SnapshotMapping.ToCore(SnapshotMappingTests.Good()).Snapshot! with { Revision = 9 };

        SnapshotDiff.Compute(before, to).ShouldBe(new Delta { BaseRevision = 7, Revision = 9 });
    }

    [Fact]
    public void Compute_WhatNoDeltaCanSay_IsNull()
    {
        var before = SnapshotMapping.ToCore(SnapshotMappingTests.Good()).Snapshot!;

        SnapshotDiff.Compute(before, before).ShouldBeNull();
        SnapshotDiff.Compute(before, before with { Revision = 6 }).ShouldBeNull();
        SnapshotDiff.Compute(before, before with { Revision = 8, HeartbeatKeys = [] }).ShouldBeNull();
        SnapshotDiff.Compute(ClusterSnapshot.Empty, before).ShouldBeNull();
    }

    [Fact]
    public void Apply_OtherBase_IsRefused() =>
        Refused(new Delta { BaseRevision = 6, Revision = 8 }, "base_revision").ShouldBe("is 6, but 7 is applied");

    [Fact]
    public void Apply_RevisionThatDoesNotGrow_IsRefused() =>
        Refused(new Delta { BaseRevision = 7, Revision = 7 }, "revision").ShouldContain("7 is not newer than 7");

    [Fact]
    public void Apply_RemovalOfSomethingUnknown_IsRefused() =>
        Refused(new Delta { BaseRevision = 7, Revision = 8, RemovedVirtualIps = { "default/api" } }, "removed_virtual_ips[0]")
            .ShouldContain("'default/api' is not in the snapshot");

    [Fact]
    public void Apply_RemovalOfASetInUse_IsRefused() =>
        Refused(new Delta { BaseRevision = 7, Revision = 8, RemovedBackendSets = { "default/web:8080" } }, "ports[0].backend_set_id")
            .ShouldContain("is not a backend set");

    [Fact]
    public void Apply_ContentsOfASet_TouchesNothingElse()
    {
        var before = SnapshotMapping.ToCore(SnapshotMappingTests.Good()).Snapshot!;
        var set = BackendSetMapping.ToProto(before.BackendSets[0]);
        set.Backends.RemoveAt(0);

        var after = SnapshotDiff.Apply(before, new Delta { BaseRevision = 7, Revision = 8, BackendSets = { set } }).Snapshot!;

        after.Revision.ShouldBe(8ul);
        after.BackendSets[0].Backends.Length.ShouldBe(before.BackendSets[0].Backends.Length - 1);
        (after.VirtualIps == before.VirtualIps).ShouldBeTrue("it is the same array");
    }

    [Fact]
    public void Apply_BadContentsOfASet_IsRefused()
    {
        var set = SnapshotMappingTests.Good().BackendSets[0].Clone();
        set.Backends[0].Port = 0;

        Refused(new Delta { BaseRevision = 7, Revision = 8, BackendSets = { set } }, "backends[0].port").ShouldNotBeEmpty();
    }

    private static string Refused(Delta delta, string field)
    {
        var before = SnapshotMapping.ToCore(SnapshotMappingTests.Good()).Snapshot!;
        var result = SnapshotDiff.Apply(before, delta);
        result.Accepted.ShouldBeFalse();
        return result.Problems.First(problem => problem.Field == field).Message;
    }
}
