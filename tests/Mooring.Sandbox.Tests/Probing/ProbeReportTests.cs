using Mooring.Sandbox.Probing;

namespace Mooring.Sandbox.Tests.Probing;

public sealed class ProbeReportTests
{
    private static readonly Uri Url = new("http://10.70.0.100/");

    [Fact]
    public void From_NoFailure_HasNoOutage()
    {
        var report = ProbeReport.From(Url, [Good(0), Good(5), Good(10)]);

        report.Failures.ShouldBe(0);
        report.LongestOutageMilliseconds.ShouldBe(0);
        report.Pods.ShouldBe(new Dictionary<string, int> { ["web-1"] = 3 });
    }

    [Fact]
    public void From_TwoRunsOfFailures_MeasuresFromGoodToGood()
    {
        var report = ProbeReport.From(
            Url, [Good(30), Bad(25, "timeout"), Good(0), Good(5), Bad(10, "timeout"), Bad(15, "ConnectionRefused"), Good(20)]);

        report.Requests.ShouldBe(7);
        report.Outages.ShouldBe(
        [
            new ProbeOutage(5, 16, 2, Ended: true),
            new ProbeOutage(20, 11, 1, Ended: true),
        ]);
        report.LongestOutageMilliseconds.ShouldBe(16);
        report.Errors.ShouldBe(new Dictionary<string, int> { ["ConnectionRefused"] = 1, ["timeout"] = 2 });
    }

    [Fact]
    public void From_AnswersHeldBack_AreAnOutageWithoutFailures()
    {
        // What was sent while the neighbour was not known is answered when it is found at 205 ms.
        var report = ProbeReport.From(
            Url, [Good(0), .. Enumerable.Range(1, 40).Select(i => Good(i * 5, 205 - (i * 5))), Good(206)]);

        report.Failures.ShouldBe(0);
        report.Outages.ShouldBe([new ProbeOutage(0, 205, 0, Ended: true)]);
    }

    [Fact]
    public void From_FailingToTheEnd_SaysThatTheOutageDidNotEnd()
    {
        var report = ProbeReport.From(Url, [Good(0), Bad(5, "timeout"), Bad(10, "timeout")]);

        report.Outages.ShouldBe([new ProbeOutage(0, 10, 2, Ended: false)]);
    }

    [Fact]
    public void From_Nothing_IsEmpty()
    {
        ProbeReport.From(Url, []).Requests.ShouldBe(0);
    }

    private static ProbeSample Good(int start, int latency = 1) =>
        new(TimeSpan.FromMilliseconds(start), TimeSpan.FromMilliseconds(latency), "web-1", null);

    private static ProbeSample Bad(int start, string error) =>
        new(TimeSpan.FromMilliseconds(start), TimeSpan.FromMilliseconds(1), "", error);
}
