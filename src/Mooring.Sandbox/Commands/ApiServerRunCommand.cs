using System.CommandLine;
using Mooring.Sandbox.KubeApi;

namespace Mooring.Sandbox.Commands;

/// <summary>The API server alone: no namespaces, no root, no daemon.</summary>
internal static class ApiServerRunCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "keep the objects here; without it they go with the process", HelpName = "DIRECTORY" };
        var port = new Option<int>("--port") { Description = "port on 127.0.0.1; 0 takes a free one" };
        var kubeconfig = new Option<string>("--kubeconfig") { Description = "where to write the kubeconfig", HelpName = "FILE", Required = true };
        var bare = new Option<bool>("--no-controllers") { Description = "leave undone what a controller manager does, such as garbage collection" };
        var command = new Command("run", "Run the API server alone, in the foreground, without a sandbox") { data, port, kubeconfig, bare };
        command.SetAction((result, cancellationToken) => SandboxCommandLine.RunAsync(async () =>
        {
            var options = new ApiServerOptions
            {
                DataDirectory = result.GetValue(data),
                Port = result.GetValue(port),
                RunsControllers = !result.GetValue(bare),
            };
            await using var server = await ApiServer.StartAsync(options, cancellationToken);
            var file = Path.GetFullPath(result.GetValue(kubeconfig)!);

            // Whole or not at all: whoever waits for the file reads it at once.
            await File.WriteAllTextAsync(file + ".tmp", server.Kubeconfig, cancellationToken);
            File.SetUnixFileMode(file + ".tmp", UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.Move(file + ".tmp", file, overwrite: true);
            Console.WriteLine($"export KUBECONFIG={file}");
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // Told to stop, which is the end that was asked for.
            }
        }));
        return command;
    }
}
