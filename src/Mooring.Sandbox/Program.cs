using System.CommandLine;
using Mooring.Sandbox.Commands;

return await SandboxCommandLine.Create().Parse(args).InvokeAsync(new InvocationConfiguration
{
    // Long enough to take a sandbox down in good order after Ctrl+C.
    ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
});
