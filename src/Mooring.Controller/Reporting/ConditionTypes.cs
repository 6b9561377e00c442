namespace Mooring.Controller.Reporting;

/// <summary>Types of conditions. They are part of the interface: people and programs wait for them.</summary>
internal static class ConditionTypes
{
    /// <summary>None of the others is False.</summary>
    public const string Ready = "Ready";

    /// <summary>The spec is good, on its own and beside the other objects.</summary>
    public const string Accepted = "Accepted";

    /// <summary>A node answers for every address.</summary>
    public const string Held = "Held";

    /// <summary>No other machine than its holder claims an address.</summary>
    public const string Uncontested = "Uncontested";

    /// <summary>Every port has an endpoint that takes new connections.</summary>
    public const string BackendsReady = "BackendsReady";

    /// <summary>Checks are believed: minHealthyPercent of the endpoints are healthy.</summary>
    public const string EnoughHealthy = "EnoughHealthy";

    /// <summary>An AddressPool can give at least one more address.</summary>
    public const string AddressesAvailable = "AddressesAvailable";

    /// <summary>Every address that was taken from an AddressPool is still in its ranges.</summary>
    public const string CoversClaims = "CoversClaims";

    /// <summary>No agent finds something on its node that stands in the way. False does not make the VirtualIp not ready.</summary>
    public const string Unobstructed = "Unobstructed";

    /// <summary>No agent has refused a part of it.</summary>
    public const string Programmed = "Programmed";
}
