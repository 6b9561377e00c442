namespace Mooring.Controller.Reporting;

/// <summary>State of an endpoint in the status of its pool.</summary>
internal enum EndpointState
{
    Ready,
    Unhealthy,
    NotReady,
    Draining,
}
