using Google.Protobuf;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Tests.Snapshots;

/// <summary>An agent and a controller, or an agent and the file on its disk, of different versions.</summary>
public sealed class VersionSkewTests
{
    /// <summary>Field 1000, 3 bytes: none that any message of this version has.</summary>
    private static readonly byte[] FieldOfANewerVersion = [0xC2, 0x3E, 3, 1, 2, 3];

    [Fact]
    public void ToCore_SnapshotOfANewerController_IsTakenWithoutWhatIsNotKnown()
    {
        var known = new RandomSnapshots(7).Next(5);
        var newer = SnapshotMapping.ToProto(known);
        var changed = new Snapshot { Revision = newer.Revision };
        changed.Nodes.AddRange(newer.Nodes.Select(node => Newer(Node.Parser, node)));
        changed.VirtualIps.AddRange(newer.VirtualIps.Select(vip => Newer(VirtualIp.Parser, vip)));
        changed.BackendSets.AddRange(newer.BackendSets.Select(set => Newer(BackendSet.Parser, set)));
        changed.HeartbeatKeys.AddRange(newer.HeartbeatKeys);

        var read = SnapshotMapping.ToCore(Newer(Snapshot.Parser, changed));

        read.Accepted.ShouldBeTrue(string.Join("; ", read.Problems));
        SnapshotMapping.ToProto(read.Snapshot!).ShouldBe(newer);
    }

    [Fact]
    public void ToCore_SnapshotOfAnOlderController_LeavesNewFieldsAtTheirDefaults()
    {
        var older = SnapshotMapping.ToProto(new RandomSnapshots(7).Next(5));
        foreach (var vip in older.VirtualIps)
        {
            vip.SourceRanges.Clear();
            (vip.HealthCheckNodePort, vip.LocalEndpointsOnly) = (0, false);
        }

        foreach (var set in older.BackendSets)
        {
            set.SparseTables.Clear();
        }

        var read = SnapshotMapping.ToCore(older);

        read.Accepted.ShouldBeTrue(string.Join("; ", read.Problems));
        read.Snapshot!.VirtualIps.ShouldAllBe(vip => vip.HealthCheckNodePort == null && vip.SourceRanges.IsEmpty);
        read.Snapshot!.BackendSets.ShouldAllBe(set => set.Sparse.IsEmpty);
    }

    [Fact]
    public void Message_OfAKindThatIsNotKnown_HasNoCase() =>
        ControllerMessage.Parser.ParseFrom(FieldOfANewerVersion).MessageCase.ShouldBe(ControllerMessage.MessageOneofCase.None);

    private static T Newer<T>(MessageParser<T> parser, T message)
        where T : IMessage<T> => parser.ParseFrom([.. message.ToByteArray(), .. FieldOfANewerVersion]);
}
