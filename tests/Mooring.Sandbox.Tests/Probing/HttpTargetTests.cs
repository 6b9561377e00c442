using Mooring.Sandbox.Probing;

namespace Mooring.Sandbox.Tests.Probing;

public sealed class HttpTargetTests
{
    [Fact]
    public void Judge_WholeAnswer_NamesThePod()
    {
        HttpTarget.Judge("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Pod: web-3\r\n\r\nok").ShouldBe("web-3");
    }

    [Theory]
    [InlineData("", "cut short")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Len", "cut short")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok", "cut short")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno", "status 503")]
    public void Judge_BadAnswer_SaysHow(string answer, string kind)
    {
        Should.Throw<ProbeFailedException>(() => HttpTarget.Judge(answer)).Message.ShouldBe(kind);
    }
}
