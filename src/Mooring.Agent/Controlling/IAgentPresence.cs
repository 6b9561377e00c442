using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Controlling;

/// <summary>What the controller link needs from the rest of the agent.</summary>
internal interface IAgentPresence
{
    /// <summary>Facts, address roles and verdicts as they are now. The link adds the rest.</summary>
    Hello Describe();

    /// <summary>The stream to the controller works, or does not.</summary>
    void ControllerConnected(bool connected);

    /// <summary>Asks the network who uses these addresses.</summary>
    Task<AddressProbeResult> ProbeAsync(AddressProbe probe, CancellationToken cancellationToken);
}
