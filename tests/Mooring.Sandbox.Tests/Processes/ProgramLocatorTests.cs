using Mooring.Sandbox.Processes;

namespace Mooring.Sandbox.Tests.Processes;

public sealed class ProgramLocatorTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("mooring-locator");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void Agent_VariableSet_IsThatProgram()
    {
        var program = File("elsewhere/agent");

        Locator("bin", variable => variable == ProgramLocator.AgentVariable ? program : null)
            .Agent().ShouldBe([program]);
    }

    [Fact]
    public void Agent_VariableNamesNothing_SaysSo()
    {
        Should.Throw<FileNotFoundException>(() => Locator("bin", variable => variable == ProgramLocator.AgentVariable ? "/nonexistent" : null).Agent())
            .Message.ShouldBe("MOORING_AGENT names /nonexistent, which does not exist");
    }

    [Fact]
    public void EnterRoot_RootNamed_PutsTheProgramsOfItsPathThere()
    {
        var locator = Locator("bin", variable => variable == ProgramLocator.RootVariable ? "/images/mooring" : null);

        locator.EnterRoot().ShouldBe(["chroot", "/images/mooring"]);
        locator.Agent().ShouldBe(["mooring-agent"]);
        locator.Controller().ShouldBe(["mooring-controller"]);
        Locator("bin").EnterRoot().ShouldBeEmpty();
    }

    [Fact]
    public void Agent_BuiltInBothConfigurations_IsThatOfOurOwn()
    {
        File("Operator.sln");
        foreach (var configuration in (string[])["Debug", "Release"])
        {
            File($"src/Mooring.Agent/bin/{configuration}/net10.0/mooring-agent.dll");
            File($"src/Mooring.Agent/bin/{configuration}/net10.0/mooring-agent.runtimeconfig.json");
        }

        var debug = Locator("tests/X/bin/Debug/net10.0").Agent();
        var release = Locator("tests/X/bin/Release/net10.0").Agent();

        debug[0].ShouldBe("dotnet");
        debug[1].ShouldEndWith("/bin/Debug/net10.0/mooring-agent.dll");
        release[1].ShouldEndWith("/bin/Release/net10.0/mooring-agent.dll");
    }

    [Fact]
    public void Controller_BuiltNowhere_SaysWhereItLooked()
    {
        Should.Throw<FileNotFoundException>(() => Locator("bin").Controller())
            .Message.ShouldContain("mooring-controller is not built: set MOORING_CONTROLLER, or build it");
    }

    private ProgramLocator Locator(string directory, Func<string, string?>? environment = null) =>
        new(Path.Combine(_root.FullName, directory), environment ?? (_ => null));

    private string File(string path)
    {
        var full = Path.Combine(_root.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        System.IO.File.WriteAllText(full, "");
        return full;
    }
}
