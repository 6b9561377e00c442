namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary><c>x-kubernetes-list-type</c>: how appliers share a list.</summary>
internal enum ListType
{
    Atomic,
    Set,
    Map,
}
