using System.Collections.Immutable;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Speaker;

/// <summary>Opens a packet socket; <see cref="PacketSocket.Open"/> but for tests that speak in several namespaces.</summary>
internal delegate PacketSocket PacketSocketFactory(
    LinkLayerEndPoint endPoint, ImmutableArray<FilterInstruction> filter);
