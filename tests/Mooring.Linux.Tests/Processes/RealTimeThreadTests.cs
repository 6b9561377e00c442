using Mooring.Linux.Processes;

namespace Mooring.Linux.Tests.Processes;

public sealed class RealTimeThreadTests
{
    [Fact]
    public void TryEnter_WithPrivilege_ChangesThisThreadAndNotThoseItStarts()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs CAP_SYS_NICE");
        var entered = false;
        var inside = false;
        var child = true;
        var thread = new Thread(() =>
        {
            entered = RealTimeThread.TryEnter();
            inside = RealTimeThread.IsEntered;
            var started = new Thread(() => child = RealTimeThread.IsEntered);
            started.Start();
            started.Join();
        });
        thread.Start();
        thread.Join();

        Assert.SkipUnless(entered, "the machine gives no real-time priority");
        inside.ShouldBeTrue();
        child.ShouldBeFalse();
    }
}
