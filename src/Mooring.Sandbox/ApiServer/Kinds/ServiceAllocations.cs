using System.Net;
using System.Runtime.CompilerServices;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>
/// Which cluster addresses and node ports are another service's. Each stored service is read once, not once per write; and of two
/// writes at a time no two are given the same.
/// </summary>
internal sealed class ServiceAllocations(Func<ResourceSnapshot> services)
{
    public const int FirstNodePort = 30000;
    public const int LastNodePort = 32767;

    private const uint FirstAddress = (10u << 24) | (96u << 16) | 1;
    private const uint LastAddress = FirstAddress + 65_000;

    private readonly ConditionalWeakTable<StoredObject, Allocated> _read = [];
    private readonly Lock _choosing = new();
    private uint _nextAddress = FirstAddress;
    private int _nextPort = FirstNodePort;

    /// <summary>What the services but one have.</summary>
    /// <param name="uid">The service that is written, null for none.</param>
    public (HashSet<string> Addresses, HashSet<long> Ports) Of(string? uid = null)
    {
        var addresses = new HashSet<string>(StringComparer.Ordinal);
        var ports = new HashSet<long>();
        foreach (var service in services().Objects.Values)
        {
            if (uid is not null && service.Uid == uid)
            {
                continue;
            }

            var allocated = _read.GetValue(service, Read);
            if (allocated.Address is { } address)
            {
                addresses.Add(address);
            }

            ports.UnionWith(allocated.Ports);
        }

        return (addresses, ports);
    }

    public string FreeAddress()
    {
        var used = Of().Addresses;
        lock (_choosing)
        {
            for (var tried = FirstAddress; tried < LastAddress; tried++)
            {
                var text = Text(_nextAddress);
                _nextAddress = _nextAddress + 1 == LastAddress ? FirstAddress : _nextAddress + 1;
                if (!used.Contains(text))
                {
                    return text;
                }
            }
        }

        throw Errors.ApiError.Internal("the range of service addresses is used up");
    }

    /// <param name="asked">Ports that the service itself asks for.</param>
    public IEnumerable<int> FreePorts(IEnumerable<long> asked)
    {
        var used = Of().Ports;
        used.UnionWith(asked);
        while (true)
        {
            yield return FreePort(used);
        }
    }

    private int FreePort(HashSet<long> used)
    {
        lock (_choosing)
        {
            for (var tried = FirstNodePort; tried <= LastNodePort; tried++)
            {
                var port = _nextPort;
                _nextPort = _nextPort == LastNodePort ? FirstNodePort : _nextPort + 1;
                if (!used.Contains(port))
                {
                    return port;
                }
            }
        }

        throw Errors.ApiError.Internal("the range of node ports is used up");
    }

    private static Allocated Read(StoredObject service)
    {
        var spec = service.Read().Obj("spec");
        var ports = (spec.Arr("ports") ?? []).Select(port => port.Int("nodePort")).Append(spec.Int("healthCheckNodePort"));
        return new Allocated(spec.Str("clusterIP"), [.. ports.OfType<long>()]);
    }

    private static string Text(uint address) =>
        new IPAddress([(byte)(address >> 24), (byte)(address >> 16), (byte)(address >> 8), (byte)address]).ToString();

    private sealed record Allocated(string? Address, long[] Ports);
}
