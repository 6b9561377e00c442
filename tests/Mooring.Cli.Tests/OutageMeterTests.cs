using System.Net;
using System.Net.Sockets;
using Mooring.Cli.Drill;

namespace Mooring.Cli.Tests;

public sealed class OutageMeterTests
{
    [Fact]
    public async Task Run_NobodyListensForAWhile_MeasuresThatWhile()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(1000);
        var target = (IPEndPoint)listener.LocalEndpoint;
        var meter = new OutageMeter(target, TimeProvider.System);
        using var ending = new CancellationTokenSource();
        var running = meter.RunAsync(ending.Token);
        await UntilAsync(() => meter.Attempts > 3);
        meter.LongestOutage.ShouldBe(TimeSpan.Zero);

        listener.Dispose();
        await UntilAsync(() => meter.Failures > 20);
        using var again = new TcpListener(target);
        again.Start(1000);
        await UntilAsync(() => meter.LongestOutage > TimeSpan.Zero);
        await ending.CancelAsync();
        await running;

        meter.LongestOutage.ShouldBeGreaterThan(OutageMeter.Interval * 20);
        meter.Failures.ShouldBeGreaterThan(20);
        meter.Attempts.ShouldBeGreaterThan(meter.Failures);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(30));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
