namespace Mooring.Kubernetes.Tests.Faults;

internal enum ConnectionEnd
{
    /// <summary>RST.</summary>
    Reset,

    /// <summary>FIN, wherever the answer was.</summary>
    Truncate,

    /// <summary>Nothing more comes, and nobody says so.</summary>
    Stall,
}
