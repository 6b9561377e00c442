using Microsoft.Extensions.Options;
using Mooring.Controller.Hosting;

namespace Mooring.Controller.Tests.Hosting;

public sealed class ControllerCommandTests
{
    [Fact]
    public void Parse_EveryOption_IsKnown()
    {
        ControllerCommand.Create().Parse(
            [
                "run", "--kubeconfig=/tmp/kc", "--listen=http://0.0.0.0:7946", "--namespace=mooring-system",
                "--leader-elect=false", "--identity=one", "--log-format=json", "--log-level=Debug",
                "--cordon-drains", "--rebalance", "--max-moves=5", "--failback-delay=1m30s", "--failure-memory=0s",
                "--insecure", "--agent-service-account=agents", "--ca-lifetime=48h", "--ca-overlap=1h", "--certificate-lifetime=1h",
                "--heartbeat-key-lifetime=0s", "--config=/etc/mooring/config.yaml",
            ])
            .Errors.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("run", "--log-format=xml")]
    [InlineData("run", "--leader-elect=perhaps")]
    [InlineData("run", "--port=1")]
    [InlineData("run", "--failback-delay=soon")]
    [InlineData("walk")]
    public void Parse_Unknown_IsAnError(params string[] arguments)
    {
        ControllerCommand.Create().Parse(arguments).Errors.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("http://0.0.0.0:7946", "mooring-system", "one", "--insecure")]
    [InlineData("0.0.0.0:7946", "mooring-system", "one", "--listen")]
    [InlineData(ControllerOptions.DefaultListen, "Mooring System", "one", "--namespace")]
    [InlineData(ControllerOptions.DefaultListen, "mooring-system", "", "--identity")]
    public void Validate_BadOption_NamesIt(string listen, string @namespace, string identity, string named)
    {
        var options = new ControllerOptions { Listen = listen, Namespace = @namespace, Identity = identity };

        new ControllerOptionsValidator().Validate(Options.DefaultName, options)
            .Failures.ShouldNotBeNull().ShouldHaveSingleItem().ShouldContain(named);
    }

    [Theory]
    [InlineData(0, 30, 60, "--max-moves")]
    [InlineData(1001, 30, 60, "--max-moves")]
    [InlineData(10, 3601, 60, "--failback-delay")]
    [InlineData(10, 30, 3601, "--failure-memory")]
    public void Validate_MovesOutOfRange_NamesTheOption(int moves, int failback, int memory, string named)
    {
        var options = new ControllerOptions
        {
            MaxMovesInFlight = moves,
            FailbackDelay = TimeSpan.FromSeconds(failback),
            FailureHalfLife = TimeSpan.FromSeconds(memory),
        };

        new ControllerOptionsValidator().Validate(Options.DefaultName, options)
            .Failures.ShouldNotBeNull().ShouldHaveSingleItem().ShouldContain(named);
    }

    [Theory]
    [InlineData(9, 1, 3600, "--ca-lifetime")]
    [InlineData(86400, 0, 3600, "--ca-overlap")]
    [InlineData(60, 11, 3600, "--ca-overlap")]
    [InlineData(86400, 3600, 2, "--certificate-lifetime")]
    public void Validate_CertificatesOutOfRange_NamesTheOption(int authority, int overlap, int certificate, string named)
    {
        var options = new ControllerOptions
        {
            AuthorityLifetime = TimeSpan.FromSeconds(authority),
            AuthorityOverlap = TimeSpan.FromSeconds(overlap),
            CertificateLifetime = TimeSpan.FromSeconds(certificate),
        };

        new ControllerOptionsValidator().Validate(Options.DefaultName, options)
            .Failures.ShouldNotBeNull().ShouldContain(failure => failure.Contains(named + ":"));
    }

    [Fact]
    public void Validate_PlainHttpOnRequest_IsValid()
    {
        new ControllerOptionsValidator()
            .Validate(Options.DefaultName, new ControllerOptions { Listen = "http://0.0.0.0:7946", Insecure = true })
            .Succeeded.ShouldBeTrue();
    }

    [Fact]
    public void Validate_Defaults_AreValid()
    {
        new ControllerOptionsValidator().Validate(Options.DefaultName, new ControllerOptions()).Succeeded.ShouldBeTrue();
    }

    [Fact]
    public async Task Run_MissingKubeconfig_EndsWithItsNameAndStatus2()
    {
        var status = await ControllerCommand.Create()
            .Parse(["run", "--kubeconfig=/nonexistent/kubeconfig"])
            .InvokeAsync(cancellationToken: TestContext.Current.CancellationToken);

        status.ShouldBe(2);
    }
}
