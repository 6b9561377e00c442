using Microsoft.Extensions.Hosting;

namespace Mooring.Sandbox.KubeApi;

/// <summary>Leaves the process's signals alone: the server is a part of a program, which decides when it stops.</summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
