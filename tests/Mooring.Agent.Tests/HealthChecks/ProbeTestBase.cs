using System.Net;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks;

public abstract class ProbeTestBase : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<IDisposable> _owned = [];

    private protected string Folder => _directory.Path;

    private protected T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private protected static HealthCheckIntent Check(HealthCheckType type) =>
        new() { Type = type, Timeout = TimeSpan.FromMinutes(1) };

    /// <summary>Checks once, within the check's timeout.</summary>
    private protected async Task<ProbeOutcome> ProbeAsync(HealthCheckIntent check, IPEndPoint endPoint)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(check.Timeout);
        return await new HealthProbes(Folder, ProbeSource.Any, TimeProvider.System).For(check.Type)
            .ProbeAsync(new HealthCheckTarget("default/web:80", endPoint, check), deadline.Token);
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        foreach (var owned in Enumerable.Reverse(_owned))
        {
            owned.Dispose();
        }

        _directory.Dispose();
    }
}
