using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux;

namespace Mooring.Agent.Speaker;

/// <summary>
/// The node's interfaces and the links open on them, one for each interface and address family that is asked for. Used
/// under the speaker's lock. What the kernel refuses is logged and tried again a second later.
/// </summary>
/// <param name="sockets">Opens them.</param>
/// <param name="faulted">A link failed, on the thread that is about to end.</param>
/// <param name="retry">Runs on a timer, without the speaker's lock, when something is to be tried again.</param>
internal sealed partial class SpeakerLinks(
    SpeakerSockets sockets, Action<SpeakerLink, Exception> faulted, Action retry, TimeProvider time, ILogger logger)
    : IDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(int Interface, AddressFamily Family), SpeakerLink> _links = [];
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
        foreach (var ((index, _), link) in _links)
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
    public NodeInterface? InterfaceOf(IPAddress address)
    {
        NodeInterface? found = null;
        var longest = -1;
        foreach (var one in Interfaces)
        {
            if (one.Up && one.OnLink(address) is { } own && own.Subnet.PrefixLength > longest)
            {
                (found, longest) = (one, own.Subnet.PrefixLength);
            }
        }

        return found;
    }

    /// <summary>The link on the interface, opened if need be; null when the kernel refuses.</summary>
    public SpeakerLink? On(NodeInterface on, IResponder responder)
    {
        var key = (on.Index, responder.Family);
        if (_links.TryGetValue(key, out var link))
        {
            return link;
        }

        Try(on, () => _links[key] = new SpeakerLink(on, responder, sockets, faulted));
        return _links.GetValueOrDefault(key);
    }

    public bool Contains(SpeakerLink link) => _links.GetValueOrDefault(KeyOf(link)) == link;

    public void Remove(SpeakerLink link)
    {
        _links.Remove(KeyOf(link));
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

    private static (int Interface, AddressFamily Family) KeyOf(SpeakerLink link) =>
        (link.Interface.Index, link.Responder.Family);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The kernel refused a packet socket or its filter on {Interface}")]
        public static partial void Refused(ILogger logger, string @interface, Exception exception);
    }
}
