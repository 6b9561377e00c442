using System.Collections.Concurrent;
using System.Net;
using Mooring.Agent.DataPlane;
using Mooring.Core.DataPlane;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Remembers what it was told, and checks that one owner calls it.</summary>
internal sealed class FakeDataPlane : IDataPlane
{
    private int _inside;

    public ConcurrentQueue<DataPlaneState> Applied { get; } = [];

    public ConcurrentDictionary<IPAddress, bool> Held { get; } = [];

    public int Verified;

    public Func<DataPlaneState, ApplyResult> OnApply { get; set; } = state => new ApplyResult(state.Services.Length, []);

    public Func<VerifyResult> OnVerify { get; set; } = () => new VerifyResult([]);

    public Task<DataPlaneProbe> ProbeAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new DataPlaneProbe([Core.Snapshots.ForwardingMode.Nat], ["ip_forward is 0"]));

    public async Task<ApplyResult> ApplyAsync(DataPlaneState desired, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _inside).ShouldBe(1, "one call at a time");
        try
        {
            await Task.Yield();
            var result = OnApply(desired);
            Applied.Enqueue(desired);
            return result;
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    public Task SetHolderAsync(IPAddress address, bool held, CancellationToken cancellationToken)
    {
        Held[address] = held;
        return Task.CompletedTask;
    }

    public Task<VerifyResult> VerifyAsync(CancellationToken cancellationToken)
    {
        var result = OnVerify();
        Interlocked.Increment(ref Verified);
        return Task.FromResult(result);
    }

    public SemaphoreSlim Changes { get; } = new(0);

    public Task WaitForChangeAsync(CancellationToken cancellationToken) => Changes.WaitAsync(cancellationToken);

    public Task<IReadOnlyList<ServiceCounters>> CountersAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ServiceCounters>>([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
