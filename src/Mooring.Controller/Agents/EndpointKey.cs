using System.Net;

namespace Mooring.Controller.Agents;

/// <summary>An endpoint of one backend set, as agents name it.</summary>
internal readonly record struct EndpointKey(string BackendSetId, IPAddress Address, ushort Port);
