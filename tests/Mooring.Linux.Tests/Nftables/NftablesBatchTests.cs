using System.Buffers.Binary;
using Mooring.Linux.Namespaces;
using Mooring.Linux.Netlink;
using Mooring.Linux.Nftables;

namespace Mooring.Linux.Tests.Nftables;

/// <summary>The kernel does all of a batch or nothing, whatever becomes of it on the way there or back.</summary>
public sealed class NftablesBatchTests : IDisposable
{
    private const int SmallestBuffer = 1; // the kernel takes its least instead, 2 KiB
    private static readonly string[] Sets = ["one", "two"];

    private readonly TestNamespaces _namespaces = new();
    private readonly NetworkNamespace _node;

    public NftablesBatchTests()
    {
        _node = _namespaces.Create("n");
        _node.Run(() =>
        {
            using var nftables = new NftablesContext();
            nftables.Run("table inet t { set one { type inet_service; }\nset two { type inet_service; }\n}");
        });
    }

    public void Dispose() => _namespaces.Dispose();

    [Fact]
    public void Send_CutAnywhere_NothingIsThere()
    {
        var whole = Batch(first: 1, ports: 3).Finish().ToArray();
        using var socket = _node.Run(() => NetlinkSocket.Open(NetlinkConstants.ProtocolNetfilter));
        using var elements = _node.Run(NftablesElements.Open);
        for (var length = 4; length < whole.Length; length += 4)
        {
            socket.Send(whole.AsSpan(0, length));

            Count(elements).ShouldBe(0, $"after {length} of {whole.Length} bytes");
        }

        socket.Send(whole);
        Count(elements).ShouldBe(6);
    }

    [Fact]
    public void Run_OneElementInTheMiddleRefused_SaysWhichAndNothingIsThere()
    {
        using var elements = _node.Run(NftablesElements.Open);
        var batch = Batch(first: 1, ports: 3);
        batch.Delete(NftablesFamily.Inet, "two", Port(99));
        Fill(batch, first: 4, ports: 3);

        Should.Throw<NftablesException>(() => elements.Run(batch)).Message.ShouldBe("delete elements of two: No such file or directory");

        Count(elements).ShouldBe(0);
        elements.Run(Batch(first: 1, ports: 3));
        Count(elements).ShouldBe(6);
    }

    /// <summary>More refusals than the socket can take (ENOBUFS): that the batch failed must not go unnoticed.</summary>
    [Fact]
    public void Run_AnswersLost_SaysSoAndTheNextBatchIsUnderstood()
    {
        using var elements = _node.Run(() => NftablesElements.Open(SmallestBuffer));
        var batch = new NftablesBatch("t");
        for (ushort port = 1; port <= 200; port++)
        {
            // By turns, so that each is a message of its own.
            batch.Delete(NftablesFamily.Inet, Sets[port % 2], Port(port));
        }

        Should.Throw<NftablesException>(() => elements.Run(batch));

        elements.Run(Batch(first: 1, ports: 3));
        Count(elements).ShouldBe(6);
    }

    private static NftablesBatch Batch(ushort first, int ports)
    {
        var batch = new NftablesBatch("t");
        Fill(batch, first, ports);
        return batch;
    }

    private static void Fill(NftablesBatch batch, ushort first, int ports)
    {
        foreach (var set in Sets)
        {
            for (var port = first; port < first + ports; port++)
            {
                batch.Add(NftablesFamily.Inet, set, Port(port), []);
            }
        }
    }

    private static byte[] Port(ushort port)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, port);
        return bytes;
    }

    private static int Count(NftablesElements elements) => Sets.Sum(set =>
    {
        var count = 0;
        elements.Read(NftablesFamily.Inet, "t", set, () => count = 0, _ => count++);
        return count;
    });
}
