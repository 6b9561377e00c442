namespace Mooring.Agent.Tests;

public sealed class AgentOptionsValidatorTests
{
    [Fact]
    public void Validate_Good_Succeeds() => new AgentOptionsValidator().Validate(null, Good()).Succeeded.ShouldBeTrue();

    [Fact]
    public void Validate_Defaults_NamesTheOptionsThatMustBeGiven()
    {
        var failures = new AgentOptionsValidator().Validate(null, new AgentOptions()).Failures!.ToArray();

        failures.Length.ShouldBe(2);
        failures.ShouldContain(failure => failure.StartsWith("--node-name (MOORING_NODE_NAME)"));
        failures.ShouldContain(failure => failure.StartsWith("--controller (MOORING_CONTROLLER)"));
    }

    [Theory]
    [InlineData("node", "Node_1", "--node-name")]
    [InlineData("controller", "mooring-controller:7946", "https://host:port")]
    [InlineData("controller", "https://mooring-controller:7946/path", "https://host:port")]
    [InlineData("controller", "ftp://host", "https://host:port")]
    [InlineData("controller", "http://mooring-controller:7946", "--insecure")]
    [InlineData("authorities", "ca.crt", "--ca-file")]
    [InlineData("token", "token", "--token-file")]
    [InlineData("directory", "var/lib", "absolute path")]
    [InlineData("interface", "a-name-of-16-chr", "--interface")]
    [InlineData("interface", "eth/0", "--interface")]
    [InlineData("source", "10.70.0.10", "10.70.0.0/24")]
    [InlineData("source ports", "40999-40000", "40000-40999")]
    [InlineData("port", "0", "1 to 65535, not 0")]
    [InlineData("port", "65536", "1 to 65535, not 65536")]
    public void Validate_OneMistake_NamesOptionAndRange(string option, string value, string message)
    {
        var options = Good();
        switch (option)
        {
            case "node":
                options.NodeName = value;
                break;
            case "controller":
                options.Controllers = [value];
                break;
            case "authorities":
                options.AuthorityFile = value;
                break;
            case "token":
                options.TokenFile = value;
                break;
            case "directory":
                options.StateDirectory = value;
                break;
            case "interface":
                options.Interfaces = [value];
                break;
            case "source":
                options.CheckSources = [value];
                break;
            case "source ports":
                options.CheckSourcePorts = value;
                break;
            default:
                options.HeartbeatPort = int.Parse(value);
                break;
        }

        new AgentOptionsValidator().Validate(null, options).Failures!.ShouldHaveSingleItem().ShouldContain(message);
    }

    private static AgentOptions Good() => new() { NodeName = "node-1.example", Controllers = ["https://controller:7946"] };
}
