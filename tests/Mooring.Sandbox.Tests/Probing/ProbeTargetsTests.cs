using Mooring.Sandbox.Probing;

namespace Mooring.Sandbox.Tests.Probing;

public sealed class ProbeTargetsTests
{
    [Theory]
    [InlineData("http://example.org/", "the host must be an IP address")]
    [InlineData("ftp://10.0.0.1/", "use http://, tcp:// or udp://")]
    public void Create_BadUrl_SaysWhatIsWrong(string url, string message)
    {
        Should.Throw<ArgumentException>(() => ProbeTargets.Create(new Uri(url), (_, _, _) => null!))
            .Message.ShouldContain(message);
    }
}
