namespace Mooring.Kubernetes.Client;

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,

    /// <summary>Only the resourceVersion of the object is meaningful.</summary>
    Bookmark,
}
