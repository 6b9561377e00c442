namespace Mooring.Core.DataPlane;

/// <summary>By address, protocol, port.</summary>
internal sealed class ServiceOrder : IComparer<ForwardedService>
{
    public static readonly ServiceOrder Instance = new();

    public int Compare(ForwardedService? x, ForwardedService? y)
    {
        var byAddress = BackendOrder.Compare(x!.Address, y!.Address);
        if (byAddress != 0)
        {
            return byAddress;
        }

        var byProtocol = x.Protocol.CompareTo(y.Protocol);
        return byProtocol != 0 ? byProtocol : x.Port.CompareTo(y.Port);
    }
}
