using System.Net;

namespace Mooring.Controller.Agents;

/// <summary>An agent saw another machine claim one of our addresses.</summary>
/// <param name="MacAddress">As people write it: 02:00:00:00:00:01.</param>
/// <param name="Owner">Node that owns the MAC address; null for a foreign host.</param>
/// <param name="SeenBy">Node whose agent saw it.</param>
internal sealed record ReportedConflict(IPAddress Address, string MacAddress, string? Owner, string SeenBy);
