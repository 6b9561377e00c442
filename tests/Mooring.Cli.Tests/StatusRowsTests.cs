using k8s.Models;
using Mooring.Api.V1Alpha1;

namespace Mooring.Cli.Tests;

public sealed class StatusRowsTests
{
    [Fact]
    public void Rows_HeldAddress_NamesHolderAndStandbys()
    {
        var vip = Vip();
        vip.Status = new VirtualIpStatus
        {
            Holders = [new AddressHolder { Address = "10.70.0.100", Node = "node-2", Term = 4 }],
            Candidates =
            [
                new CandidateNode { Node = "node-2", Role = "Holder", Eligible = true },
                new CandidateNode { Node = "node-1", Role = "Standby", Eligible = true },
                new CandidateNode { Node = "node-3", Role = "None" },
            ],
            Conditions = [new V1Condition { Type = "Ready", Status = "True" }],
            ReadyBackends = "6/6",
        };

        var row = StatusCommand.Rows([vip]).ShouldHaveSingleItem();

        row.Vip.ShouldBe("default/web");
        row.Holder.ShouldBe("node-2");
        row.Term.ShouldBe(4);
        row.Standbys.ShouldBe(["node-1"]);
        row.Ready.ShouldBe("True");
        row.Backends.ShouldBe("6/6");
    }

    [Fact]
    public void Rows_WithoutStatus_ShowTheWantedAddress()
    {
        var row = StatusCommand.Rows([Vip()]).ShouldHaveSingleItem();

        row.Address.ShouldBe("10.70.0.100");
        row.Holder.ShouldBeNull();
        row.Ready.ShouldBe("Unknown");
    }

    private static V1Alpha1VirtualIp Vip() => new()
    {
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "default" },
        Spec = new VirtualIpSpec { Addresses = ["10.70.0.100"] },
    };
}
