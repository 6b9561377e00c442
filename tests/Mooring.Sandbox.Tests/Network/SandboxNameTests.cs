using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Tests.Network;

public sealed class SandboxNameTests
{
    [Theory]
    [InlineData("demo")]
    [InlineData("a")]
    [InlineData("e2e123456789")]
    public void Parse_GoodName_PrefixesItsNamespaces(string text)
    {
        SandboxName.Parse(text).Namespace("node-1").ShouldBe($"mr-{text}-node-1");
    }

    [Theory]
    [InlineData("")]
    [InlineData("1st")]
    [InlineData("two-words")]
    [InlineData("Upper")]
    [InlineData("morethantwelve")]
    [InlineData("line\n")]
    public void Parse_BadName_SaysWhatOneIs(string text)
    {
        Should.Throw<FormatException>(() => SandboxName.Parse(text)).Message.ShouldContain("up to 11 letters and digits");
    }
}
