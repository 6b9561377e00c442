using System.Net;
using System.Net.Sockets;
using Mooring.Agent.Composition;
using Mooring.Agent.HealthChecks.Probes;

namespace Mooring.Agent.Tests.Composition;

/// <summary>The options of the agent, this machine's addresses and its kernel.</summary>
public sealed class CheckSourceTests
{
    private readonly ListLogger<ProbeSource> _logger = new();

    [Fact]
    public void Create_NetworkOfTheMachine_TakesItsAddressWithin()
    {
        var source = Create(new AgentOptions { CheckSources = ["127.0.0.0/8"] });

        using var socket = source.Open(new IPEndPoint(IPAddress.Loopback, 1), SocketType.Stream, ProtocolType.Tcp);

        ((IPEndPoint)socket.LocalEndPoint!).Address.ShouldBe(IPAddress.Loopback);
        _logger.Lines.ShouldBeEmpty();
    }

    [Fact]
    public void Create_PortsThatTheKernelWouldNotKeepTo_SaysSo()
    {
        Create(new AgentOptions { CheckSourcePorts = "1-2" });

        _logger.Lines.ShouldHaveSingleItem().ShouldStartWith("--check-source-ports");
    }

    private ProbeSource Create(AgentOptions options) => CheckSource.Create(options, TimeProvider.System, _logger);
}
