using System.Diagnostics;
using System.Text.Json;
using Google.Protobuf;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Tests.Interop;

/// <summary>Runs the scripts beside this file with Debian's grpcio.</summary>
internal static class Python
{
    private const string Executable = "/usr/bin/python3";

    private static readonly Lazy<bool> LazyHasGrpc = new(HasGrpc);

    public static void SkipUnlessAvailable() =>
        Assert.SkipUnless(LazyHasGrpc.Value, "needs /usr/bin/python3 with grpcio (Debian: python3-grpcio, python3-protobuf)");

    public static string WriteDescriptor()
    {
        var path = Path.Combine(Path.GetTempPath(), $"mooring-agent-proto-{Guid.NewGuid():N}");
        File.WriteAllBytes(path, AgentReflection.Descriptor.SerializedData.ToByteArray());
        return path;
    }

    public static async Task<JsonElement> RunAsync(string script, params string[] arguments)
    {
        using var process = Start(script, arguments);
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(120));
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, await error);
        return JsonDocument.Parse(output).RootElement;
    }

    public static Process Start(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(Executable)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Interop", script));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["no_proxy"] = "*";
        return Process.Start(start)!;
    }

    private static bool HasGrpc()
    {
        if (!File.Exists(Executable))
        {
            return false;
        }

        using var process = Process.Start(new ProcessStartInfo(Executable, ["-c", "import grpc, google.protobuf"])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
