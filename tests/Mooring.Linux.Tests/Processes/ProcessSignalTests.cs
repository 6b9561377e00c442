using System.Diagnostics;
using Mooring.Linux.Processes;

namespace Mooring.Linux.Tests.Processes;

public sealed class ProcessSignalTests
{
    [Fact]
    public async Task Send_Kill_EndsTheProcess()
    {
        using var process = Process.Start("sleep", "600");

        ProcessSignal.Send(process.Id, Signal.None).ShouldBeTrue();
        ProcessSignal.Send(process.Id, Signal.Stop).ShouldBeTrue();
        ProcessSignal.Send(process.Id, Signal.Kill).ShouldBeTrue();

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(128 + (int)Signal.Kill);
    }

    [Fact]
    public void Send_NoSuchProcess_ReturnsFalse() => ProcessSignal.Send(int.MaxValue, Signal.Kill).ShouldBeFalse();

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Send_GroupOrEveryProcess_Throws(int pid)
        => Should.Throw<ArgumentOutOfRangeException>(() => ProcessSignal.Send(pid, Signal.Kill));
}
