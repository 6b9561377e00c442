using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Controller.Agents;

namespace Mooring.Controller.Tests.Agents;

public sealed class MessageThrottleTests
{
    [Fact]
    public async Task EnterAsync_UpToTheBurst_NeverWaitsAndThenDoes()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var metrics = new AgentConnectionMetrics(services.GetRequiredService<IMeterFactory>());
        using var throttle = new MessageThrottle("node-1", metrics, NullLogger.Instance);
        for (var i = 0; i < MessageThrottle.Burst; i++)
        {
            (throttle.EnterAsync(100, CancellationToken.None) is { IsCompletedSuccessfully: true }).ShouldBeTrue($"message {i}");
        }

        // Far more than comes in while these lines run.
        using var late = new CancellationTokenSource();
        var waiting = throttle.EnterAsync(4096 * MessageThrottle.Burst / 2, late.Token);
        waiting.IsCompleted.ShouldBeFalse();
        await late.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting.AsTask());
    }
}
