namespace Mooring.Controller.Validation;

/// <summary><c>spec.forwarding</c> of a VirtualIp.</summary>
internal enum ForwardingChoice
{
    Auto,
    Direct,
    Nat,
}
