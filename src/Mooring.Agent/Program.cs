using System.CommandLine;
using Mooring.Agent;

// The host turns SIGTERM and SIGINT into an orderly stop; the command line must not cut it short.
return await AgentCommandLine.Create().Parse(args)
    .InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null })
    .ConfigureAwait(false);
