namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>Where committed writes go before they are acknowledged.</summary>
internal interface IWriteLog : IAsyncDisposable
{
    /// <summary>Takes a write in commit order, called under the store's lock; the task ends when it is durable.</summary>
    Task AppendAsync(StoreChange change, Func<StoreImage> image);
}
