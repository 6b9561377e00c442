using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.DataPlane;

/// <summary>New flows and packets the kernel counted for one service since the table was created.</summary>
internal sealed record ServiceCounters(
    IPAddress Address, TransportProtocol Protocol, ushort Port, long Packets, long Bytes);
