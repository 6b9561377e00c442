using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Lifecycle;

/// <summary>
/// One of the server's own controllers. Its loop calls it from one task only: first every change is observed, then the
/// controller reconciles what the changes have made due.
/// </summary>
internal interface IStoreController
{
    string Name { get; }

    /// <summary>Takes in the state the server starts with.</summary>
    void Start(StoreImage image);

    void Observe(StoreChange change);

    /// <summary>Does what is due, and says after how long there is more without any change; null for never.</summary>
    Task<TimeSpan?> ReconcileAsync(CancellationToken ct);
}
