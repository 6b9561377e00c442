namespace Mooring.Controller.Agents;

/// <param name="User">Who uses the address, in words; empty for nobody.</param>
internal sealed record ProbeAnswer(ProbeState State, string User);
