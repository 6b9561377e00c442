using System.Text.Json;
using Mooring.Protocol.Tests.Grpc;

namespace Mooring.Protocol.Tests.Interop;

/// <summary>Debian's grpcio as client, our server.</summary>
public sealed class PythonClientTests
{
    [Fact]
    public async Task Connect_TwoHellos_GetTwoSnapshots()
    {
        var result = await RunAsync("echo");

        result.GetProperty("revisions").EnumerateArray().Select(r => r.GetInt32()).ShouldBe([2, 42]);
        result.GetProperty("code").GetString().ShouldBe("OK");
    }

    [Fact]
    public async Task Connect_BigSnapshot_Arrives() =>
        (await RunAsync("big")).GetProperty("bytes").GetInt32().ShouldBeGreaterThan(20_000_000);

    [Fact]
    public async Task Connect_Refused_HasCodeDetailAndTrailers()
    {
        var result = await RunAsync("refused");

        result.GetProperty("code").GetString().ShouldBe("FAILED_PRECONDITION");
        result.GetProperty("details").GetString().ShouldBe("node ünknown: 100 %");
        result.GetProperty("trailers").GetProperty("x-reason").GetString().ShouldBe("unknown");
    }

    [Fact]
    public async Task Connect_DeadlinePasses_EndsAndServiceIsCancelled()
    {
        await using var server = await GrpcServer.StartAsync();

        (await RunAsync("deadline", server)).GetProperty("code").GetString().ShouldBe("DEADLINE_EXCEEDED");
        await server.Agents.Cancelled.Task.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Unary_WithMetadata_ComesBack()
    {
        var result = await RunAsync("unary");

        result.GetProperty("response").GetString().ShouldBe("ping");
        result.GetProperty("trailers").GetProperty("x-id-bin").GetString().ShouldBe("00ff");
        result.GetProperty("trailers").GetProperty("x-text").GetString().ShouldBe("hi");
    }

    [Theory]
    [InlineData("oversized", "RESOURCE_EXHAUSTED")]
    [InlineData("compressed", "UNIMPLEMENTED")]
    [InlineData("unimplemented", "UNIMPLEMENTED")]
    public async Task Call_WeDoNotTake_EndsWithCode(string scenario, string code) =>
        (await RunAsync(scenario)).GetProperty("code").GetString().ShouldBe(code);

    private static async Task<JsonElement> RunAsync(string scenario)
    {
        Python.SkipUnlessAvailable();
        await using var server = await GrpcServer.StartAsync();
        return await RunAsync(scenario, server);
    }

    private static async Task<JsonElement> RunAsync(string scenario, GrpcServer server)
    {
        Python.SkipUnlessAvailable();
        var descriptor = Python.WriteDescriptor();
        try
        {
            return await Python.RunAsync("agent_client.py", server.Address.Authority, descriptor, scenario);
        }
        finally
        {
            File.Delete(descriptor);
        }
    }
}
