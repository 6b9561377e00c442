namespace Mooring.Controller.Validation;

/// <summary>Reasons in conditions. They are part of the interface: people and programs wait for them.</summary>
internal static class Reasons
{
    public const string Accepted = "Accepted";
    public const string InvalidAddress = "InvalidAddress";
    public const string AddressSourceMissing = "AddressSourceMissing";
    public const string AddressSourceAmbiguous = "AddressSourceAmbiguous";

    /// <summary>An address is being taken from the pool; it takes milliseconds.</summary>
    public const string AllocationPending = "AllocationPending";
    public const string UnknownAddressPool = "UnknownAddressPool";
    public const string InvalidAddressPool = "InvalidAddressPool";
    public const string AddressPoolNotAllowed = "AddressPoolNotAllowed";
    public const string NoAddressOfFamily = "NoAddressOfFamily";
    public const string AddressPoolExhausted = "AddressPoolExhausted";
    public const string AddressNotInPool = "AddressNotInPool";
    public const string AddressTaken = "AddressTaken";
    public const string NameTaken = "NameTaken";
    public const string InvalidRange = "InvalidRange";
    public const string PoolsOverlap = "PoolsOverlap";
    public const string InvalidSelector = "InvalidSelector";
    public const string AddressesFree = "AddressesFree";
    public const string EveryAddressInRange = "EveryAddressInRange";
    public const string AddressesOutsideRange = "AddressesOutsideRange";
    public const string DuplicateAddress = "DuplicateAddress";
    public const string AddressConflict = "AddressConflict";
    public const string AddressOutsideSubnets = "AddressOutsideSubnets";
    public const string NoPorts = "NoPorts";
    public const string InvalidPort = "InvalidPort";
    public const string DuplicatePort = "DuplicatePort";
    public const string InvalidTargetPort = "InvalidTargetPort";
    public const string InvalidValue = "InvalidValue";
    public const string InvalidDuration = "InvalidDuration";

    public const string InvalidCertificateAuthority = "InvalidCertificateAuthority";
    public const string UnknownBackendPool = "UnknownBackendPool";
    public const string InvalidBackendPool = "InvalidBackendPool";
    public const string EndpointSourceMissing = "EndpointSourceMissing";
    public const string EndpointSourceAmbiguous = "EndpointSourceAmbiguous";
    public const string UnknownService = "UnknownService";
    public const string UnknownTargetPort = "UnknownTargetPort";
    public const string NoMatchingEndpoints = "NoMatchingEndpoints";
    public const string NoEndpointsOfFamily = "NoEndpointsOfFamily";
    public const string NoReadyEndpoints = "NoReadyEndpoints";
    public const string FailOpen = "FailOpen";
    public const string EnoughHealthy = "EnoughHealthy";
    public const string EndpointsReady = "EndpointsReady";

    public const string NoEligibleNode = "NoEligibleNode";
    public const string NotHeld = "NotHeld";
    public const string NotAccepted = "NotAccepted";
    public const string Held = "Held";
    public const string NodeProblem = "NodeProblem";
    public const string NothingInTheWay = "NothingInTheWay";
    public const string NoOtherClaim = "NoOtherClaim";
    public const string ClaimedByOtherNode = "ClaimedByOtherNode";
    public const string ForeignHost = "ForeignHost";
    public const string Programmed = "Programmed";
    public const string NoAgentAnswered = "NoAgentAnswered";
    public const string RefusedByAgent = "RefusedByAgent";
    public const string Ready = "Ready";

    /// <summary>The holder's probe of an endpoint failed.</summary>
    public const string ProbeFailed = "ProbeFailed";
}
