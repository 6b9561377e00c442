using System.Diagnostics;

namespace Mooring.Sandbox.Network;

/// <summary>Runs the commands of a plan by <c>ip -batch</c>, which stops at the first that fails.</summary>
internal static class IpCommand
{
    public static async Task RunAsync(IEnumerable<IpBatch> batches, CancellationToken cancellationToken)
    {
        foreach (var batch in batches)
        {
            await RunAsync(batch, cancellationToken);
        }
    }

    /// <exception cref="InvalidOperationException">A command failed; the message has <c>ip</c>'s own words.</exception>
    public static async Task RunAsync(IpBatch batch, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("ip")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        if (batch.Namespace is not null)
        {
            start.ArgumentList.Add("-n");
            start.ArgumentList.Add(batch.Namespace);
        }

        start.ArgumentList.Add("-batch");
        start.ArgumentList.Add("-");

        using var process = Process.Start(start)!;
        await process.StandardInput.WriteLineAsync(string.Join('\n', batch.Lines).AsMemory(), cancellationToken);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await output;
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"ip failed in namespace {batch.Namespace ?? "(own)"}: {error.Trim()}\n{batch}");
        }
    }
}
