using System.Diagnostics;

namespace Mooring.Agent.Tests.Composition;

/// <summary>Runs the commands that lay out a test network.</summary>
internal static class Shell
{
    public static string Run(string command)
    {
        var (code, output) = Try(command);
        code.ShouldBe(0, $"{command}: {output}");
        return output;
    }

    public static (int Code, string Output) Try(string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command + " 2>&1"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
