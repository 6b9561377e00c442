using Mooring.Sandbox.KubeApi.Selectors;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>Which objects a watch is about, and what event a change is to it.</summary>
internal sealed record WatchFilter(string Namespace, string Name, LabelSelector Labels, FieldSelector Fields)
{
    public static WatchFilter For(ApiRequest request) => new(
        request.Namespace, request.Name, LabelSelector.Parse(request.Query("labelSelector")),
        FieldSelector.Parse(request.Query("fieldSelector"), request.Type));

    public bool Matches(StoredObject stored) =>
        (Namespace.Length == 0 || stored.Key.Namespace == Namespace)
        && (Name.Length == 0 || stored.Key.Name == Name)
        && Labels.Matches(stored.Labels)
        && (Fields.IsEverything || Fields.Matches(stored));

    /// <summary>An object that starts to match is ADDED, one that stops to match is DELETED in its last matching state.</summary>
    public (string Type, StoredObject Object, long Revision)? EventFor(StoreChange change)
    {
        var before = change.Previous is { } previous && Matches(previous);
        var after = change.Current is { } current && Matches(current);
        return (before, after) switch
        {
            (false, true) => ("ADDED", change.Current!, change.Revision),
            (true, true) => ("MODIFIED", change.Current!, change.Revision),
            (true, false) => ("DELETED", change.Previous!, change.Revision),
            _ => null,
        };
    }
}
