using System.Net;

namespace Mooring.Controller.Validation;

/// <param name="Port">0 takes the target port.</param>
internal sealed record FixedEndpoint(IPAddress Address, ushort Port, int Weight, bool Backup = false);
