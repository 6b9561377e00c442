using System.Collections.Immutable;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux;

namespace Mooring.Agent.Speaker;

/// <summary>
/// The node's interfaces and the links open on them, one a interface that is asked for. Used under the speaker's lock.
/// What the kernel refuses is logged and tried again a second later.
/// </summary>
/// <param name="open">Opens packet sockets.</param>
/// <param name="receiver">Takes what arrives.</param>
/// <param name="retry">Runs on a timer, without the speaker's lock, when something is to be tried again.</param>
internal sealed partial class SpeakerLinks(
    PacketSocketFactory open, SpeakerLink.IFrameReceiver receiver, Action retry, TimeProvider time, ILogger logger)
    : IDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<int, SpeakerLink> _links = [];
    private readonly ITimer _retry = time.CreateTimer(
        static retry => ((Action)retry!)(), retry, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>As last given to <see cref="Update"/>.</summary>
    public ImmutableArray<NodeInterface> Interfaces { get; private set; } = [];

    /// <summary>A copy, so that links may be removed while it is walked.</summary>
    public IReadOnlyList<SpeakerLink> Open => [.. _links.Values];

    /// <summary>Takes the interfaces as they are now.</summary>
    /// <returns>Links whose interface is gone or has another MAC address; the caller removes them.</returns>
    public IReadOnlyList<SpeakerLink> Update(ImmutableArray<NodeInterface> interfaces)
    {
        Interfaces = interfaces;
        var stale = new List<SpeakerLink>();
        foreach (var (index, link) in _links)
        {
            var now = interfaces.FirstOrDefault(one => one.Index == index);
            if (now is not null && MacAddress.From(now.MacAddress) == link.Mac)
            {
                link.Interface = now;
            }
            else
            {
                stale.Add(link);
            }
        }

        return stale;
    }

    /// <summary>The interface that is up and has the address in the narrowest of its subnets.</summary>
    public NodeInterface? InterfaceOf(IPv4Address address)
    {
        var ip = address.ToIPAddress();
        NodeInterface? found = null;
        var longest = -1;
        foreach (var one in Interfaces)
        {
            if (one.Up && one.OnLink(ip) is { } own && own.Subnet.PrefixLength > longest)
            {
                (found, longest) = (one, own.Subnet.PrefixLength);
            }
        }

        return found;
    }

    /// <summary>The link on the interface, opened if need be; null when the kernel refuses.</summary>
    public SpeakerLink? On(NodeInterface on)
    {
        if (_links.TryGetValue(on.Index, out var link))
        {
            return link;
        }

        Try(on, () => _links[on.Index] = SpeakerLink.Open(on, open, receiver));
        return _links.GetValueOrDefault(on.Index);
    }

    public bool Contains(SpeakerLink link) => _links.GetValueOrDefault(link.Interface.Index) == link;

    public void Remove(SpeakerLink link)
    {
        _links.Remove(link.Interface.Index);
        link.Dispose();
    }

    /// <summary>Changes something in the kernel.</summary>
    /// <returns>False when the kernel refused.</returns>
    public bool Try(NodeInterface on, Action change)
    {
        try
        {
            change();
            return true;
        }
        catch (Exception exception) when (exception is SocketException or SystemCallException)
        {
            Log.Refused(logger, on.Name, exception);
            RetryLater();
            return false;
        }
    }

    public void RetryLater() => _retry.Change(RetryPause, Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        _retry.Dispose();
        foreach (var link in _links.Values)
        {
            link.Dispose();
        }

        _links.Clear();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The kernel refused a packet socket or its filter on {Interface}")]
        public static partial void Refused(ILogger logger, string @interface, Exception exception);
    }
}
