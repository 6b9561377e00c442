using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Mooring.Telemetry.Tests;

public sealed class OperationsServerTests
{
    /// <summary>Prometheus' own reader of its text format, which raises on what a server would not take.</summary>
    private const string Parser = """
        import sys
        from prometheus_client.parser import text_string_to_metric_families
        for family in text_string_to_metric_families(sys.stdin.read()):
            for sample in family.samples:
                print(family.type, sample.name, sorted(sample.labels.items()), sample.value)
        """;

    [Fact]
    public async Task Metrics_ReadByPrometheusParser_AreWhatWasMeasured()
    {
        Assert.SkipUnless(
            Directory.Exists("/usr/lib/python3/dist-packages/prometheus_client"), "needs python3-prometheus-client of Debian");
        await using var host = await TestHost.StartAsync();
        host.Meter.CreateCounter<long>("mooring_test_total", description: "With \"quotes\" and \\.")
            .Add(41, new KeyValuePair<string, object?>("of", "a\"b\\c\nd"));
        host.Meter.CreateHistogram<double>("mooring_test_seconds", "s").Record(0.003);
        host.Meter.CreateObservableGauge("mooring_test", () => 0.1 + 0.2);

        using var answer = await host.Client.GetAsync("/metrics", TestContext.Current.CancellationToken);

        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
        var read = await RunAsync(
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), "/usr/bin/python3", "-c", Parser);
        read.ShouldContain("counter mooring_test_total [('of', 'a\"b\\\\c\\nd')] 41.0");
        read.ShouldContain("histogram mooring_test_seconds_bucket [('le', '0.0025')] 0.0");
        read.ShouldContain("histogram mooring_test_seconds_bucket [('le', '0.005')] 1.0");
        read.ShouldContain("histogram mooring_test_seconds_count [] 1.0");
        read.ShouldContain("gauge mooring_test [] 0.30000000000000004");
        read.ShouldContain("counter process_cpu_seconds_total [] ");
        read.ShouldContain("gauge process_resident_memory_bytes [] ");
    }

    [Fact]
    public async Task Healthz_LiveCheckFails_SaysWhichAndWhy()
    {
        await using var host = await TestHost.StartAsync();
        (await AskAsync(host, "/healthz")).ShouldBe((HttpStatusCode.OK, "[+]work ok\nok\n"));

        host.Problem = "stuck for 200 s";

        (await AskAsync(host, "/healthz")).ShouldBe((HttpStatusCode.ServiceUnavailable, "[-]work failed: stuck for 200 s\nfailed\n"));
    }

    [Fact]
    public async Task Readyz_NotReady_IsStillHealthy()
    {
        await using var host = await TestHost.StartAsync();
        host.Unready = "no snapshot yet";

        (await AskAsync(host, "/readyz")).ShouldBe(
            (HttpStatusCode.ServiceUnavailable, "[+]work ok\n[-]start failed: no snapshot yet\nfailed\n"));
        (await AskAsync(host, "/healthz")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Request_OfAnythingElse_IsRefused()
    {
        await using var host = await TestHost.StartAsync();

        (await AskAsync(host, "/")).Status.ShouldBe(HttpStatusCode.NotFound);
        using var posted = await host.Client.PostAsync("/metrics", null, TestContext.Current.CancellationToken);
        posted.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task Start_PortTaken_GoesOnWithout()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        await using var host = await TestHost.StartAsync(options =>
            options.Listen = $"http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}");

        host.Client.BaseAddress.ShouldBeNull();
    }

    [Fact]
    public async Task Start_ListenIsNoUrl_NamesTheOption()
    {
        var refused = await Should.ThrowAsync<OptionsValidationException>(
            () => TestHost.StartAsync(options => options.Listen = "7950"));

        refused.Message.ShouldContain("--operations-listen (MOORING_OPERATIONS_LISTEN) must be http://address:port");
    }

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(TestHost host, string path)
    {
        using var answer = await host.Client.GetAsync(path, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<string> RunAsync(string input, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, await error);
        return output;
    }
}
