using Mooring.Core.Snapshots;

namespace Mooring.Controller.Validation;

/// <param name="Field">Path of the port in the spec: <c>spec.ports[0]</c>.</param>
/// <param name="TargetPort">Number as text, or name.</param>
internal sealed record PortSettings(
    string Field, string Name, ushort Port, TransportProtocol Protocol, NamespacedName Pool, TargetPort TargetPort)
{
    /// <summary><see cref="BackendSet.Id"/> of the set that the port's packets go to.</summary>
    public string BackendSetId => $"{Pool}:{TargetPort}";
}
