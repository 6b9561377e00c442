namespace Mooring.Sandbox.Echo;

/// <summary>In which way a pod's program is broken.</summary>
internal enum PodFailure
{
    None,

    /// <summary><c>/healthz</c> answers 503; everything else works.</summary>
    Unhealthy,

    /// <summary>Nothing listens: connections are refused.</summary>
    Refuse,

    /// <summary>Connections are accepted and never answered.</summary>
    Hang,
}
