namespace Mooring.Cli.Doctor;

/// <summary>Something that is wrong, or soon will be, and what to do.</summary>
/// <param name="Serious">Addresses are, or may be, not reachable; false for what can wait.</param>
/// <param name="Where">Node, VirtualIp or other object.</param>
internal sealed record Trouble(bool Serious, string Where, string Problem, string Fix);
