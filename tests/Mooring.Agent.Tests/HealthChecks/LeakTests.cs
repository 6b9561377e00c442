using System.Net;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks;

/// <summary>Nothing else of this program opens or closes anything while these run.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneCollection;

[Collection("alone")]
public sealed class LeakTests : ProbeTestBase
{
    private const int Rounds = 300;
    private const int MaxMoreDescriptors = 8;
    private const long MaxMoreBytes = 4_000_000;

    [Fact]
    public async Task Probe_ThousandsOfBrokenAnswers_LeavesNoSocketAndNoMemory()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var serving = RandomAnswers.ServeAsync(listener, new Random(20261121));
        var endPoint = (IPEndPoint)listener.LocalEndPoint!;
        await AskAsync(endPoint, Rounds / 10);
        var (descriptors, bytes) = (Descriptors(), GC.GetTotalMemory(forceFullCollection: true));

        await AskAsync(endPoint, Rounds);

        await Eventually.HoldsAsync(() => Descriptors() - descriptors <= MaxMoreDescriptors, "what was given up is closed");
        (GC.GetTotalMemory(forceFullCollection: true) - bytes).ShouldBeLessThan(MaxMoreBytes);
        listener.Dispose();
        await serving;
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private async Task AskAsync(IPEndPoint endPoint, int rounds)
    {
        var skip = new TlsCheckIntent { SkipVerify = true };
        var silent = TimeSpan.FromMilliseconds(1);
        HealthCheckIntent[] checks =
        [
            Check(HealthCheckType.Tcp), Check(HealthCheckType.Tcp) with { Tls = skip },
            Check(HealthCheckType.Http) with { ExpectedBody = "^no$" }, Check(HealthCheckType.Http) with { Http2 = true },
            Check(HealthCheckType.Http) with { Tls = skip }, Check(HealthCheckType.Http) with { Timeout = silent },
            Check(HealthCheckType.Grpc), Check(HealthCheckType.Grpc) with { Tls = skip }, Check(HealthCheckType.Grpc) with { Timeout = silent },
            Check(HealthCheckType.Udp) with { Udp = new UdpCheckIntent { Payload = [1] } },
            Check(HealthCheckType.Udp) with { Udp = new UdpCheckIntent { Payload = [1] }, Timeout = silent },
        ];
        for (var round = 0; round < rounds; round++)
        {
            foreach (var check in checks)
            {
                await ProbeAsync(check, endPoint);
            }
        }
    }
}
