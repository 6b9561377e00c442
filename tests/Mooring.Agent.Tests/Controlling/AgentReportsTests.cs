using Mooring.Agent.Controlling;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Tests.Controlling;

public sealed class AgentReportsTests
{
    private readonly AgentReports _reports = new();

    [Fact]
    public async Task Take_HealthOfOneEndpointTwice_OnlyTheLatestIsSent()
    {
        _reports.Set(Health(healthy: false));
        _reports.Set(Health(healthy: true));

        (await TakeAsync()).Health.Endpoints.ShouldHaveSingleItem().Healthy.ShouldBeTrue();
    }

    [Fact]
    public async Task Take_TakeoversWithoutController_TheMostRecentAreKept()
    {
        for (var term = 1UL; term <= 5000; term++)
        {
            _reports.Add(new HolderReport { Term = term });
        }

        (await TakeAsync()).Holder.Term.ShouldBe(5000UL - 1023);
    }

    [Fact]
    public async Task Begin_NewStream_OwesNoAcksButTakeovers()
    {
        _reports.Add(new Ack { Revision = 1 });
        _reports.Set(Health(healthy: true));
        _reports.Add(new HolderReport { Term = 2 });
        _reports.Begin();
        _reports.Add(new Ack { Revision = 3 });

        (await TakeAsync()).Holder.Term.ShouldBe(2UL);
        (await TakeAsync()).Ack.Revision.ShouldBe(3UL);
    }

    [Fact]
    public async Task PutBack_Takeover_ComesFirstAgain()
    {
        _reports.Add(new HolderReport { Term = 1 });
        _reports.Add(new HolderReport { Term = 2 });
        _reports.PutBack(await TakeAsync());

        (await TakeAsync()).Holder.Term.ShouldBe(1UL);
        (await TakeAsync()).Holder.Term.ShouldBe(2UL);
    }

    private Task<AgentMessage> TakeAsync() =>
        _reports.TakeAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));

    private static EndpointHealth Health(bool healthy) =>
        new() { BackendSetId = "default/web:80", Address = "10.71.1.2", Port = 80, Healthy = healthy };
}
