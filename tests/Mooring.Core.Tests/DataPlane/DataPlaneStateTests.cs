using System.Net;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.DataPlane;

public sealed class DataPlaneStateTests
{
    [Fact]
    public void Traits_OtherServices_AreThoseOfTheOthers()
    {
        var state = new DataPlaneState { Services = [Service("2001:db8::1")] };
        state.Traits.ShouldBe(ServiceTraits.IPv6);

        (state with { Services = [Service("192.0.2.1")] }).Traits.ShouldBe(ServiceTraits.None);
        state.WithServices([Service("192.0.2.1")], sameTraits: false).Traits.ShouldBe(ServiceTraits.None);
    }

    [Fact]
    public void Traits_SaidToBeTheSame_AreNotLookedFor()
    {
        var state = new DataPlaneState { Services = [Service("2001:db8::1")] };

        state.WithServices([Service("192.0.2.1")], sameTraits: true).Traits.ShouldBe(ServiceTraits.IPv6);
    }

    private static ForwardedService Service(string address) => new()
    {
        VirtualIp = new NamespacedName("default", "web"),
        Address = IPAddress.Parse(address),
        Protocol = TransportProtocol.Tcp,
        Port = 80,
    };
}
