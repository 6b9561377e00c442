using System.Net;
using System.Net.Sockets;

namespace Mooring.Agent.Failover;

/// <summary>Opens a UDP socket bound to an interface and to one of its addresses.</summary>
/// <exception cref="SocketException">The kernel refused.</exception>
internal delegate Socket HeartbeatSocketFactory(string interfaceName, IPEndPoint local);
