namespace Mooring.Sandbox.Cluster;

internal enum NodeLink
{
    Connected,
    Cut,
    Silent,
}
