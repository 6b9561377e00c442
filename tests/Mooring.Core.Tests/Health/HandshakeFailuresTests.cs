using System.Net;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Health;

public sealed class HandshakeFailuresTests
{
    private const string SetId = "default/web:80";
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly PassiveCheckIntent Rule = PassiveCheckIntent.Default with { Failures = 3, Window = 10 * Second };
    private static readonly IPEndPoint Backend = new(IPAddress.Parse("10.71.2.3"), 8080);
    private static readonly IPEndPoint Service = new(IPAddress.Parse("10.70.0.100"), 80);
    private readonly HandshakeFailures _failures = new();

    [Fact]
    public void Failed_EnoughWithinTheWindow_IsSuspectAndCountedAnew()
    {
        _failures.Failed(SetId, Backend, Rule, 1 * Second).ShouldBe(0);
        _failures.Failed(SetId, Backend, Rule, 2 * Second).ShouldBe(0);
        _failures.Failed(SetId, Backend, Rule, 3 * Second).ShouldBe(3);
        _failures.Failed(SetId, Backend, Rule, 4 * Second).ShouldBe(0);
    }

    [Fact]
    public void Failed_TooFarApart_IsNotSuspect()
    {
        for (var time = 0; time < 100; time += 6)
        {
            _failures.Failed(SetId, Backend, Rule, time * Second).ShouldBe(0);
        }
    }

    [Fact]
    public void Failed_OtherEndpoints_AreCountedApart()
    {
        _failures.Failed(SetId, Backend, Rule, 1 * Second);
        _failures.Failed(SetId, Backend, Rule, 1 * Second);

        _failures.Failed("default/other:80", Backend, Rule, 1 * Second).ShouldBe(0);
        _failures.Failed(SetId, new IPEndPoint(Backend.Address, 81), Rule, 1 * Second).ShouldBe(0);
    }

    [Fact]
    public void IsUnanswered_HandshakeOverSeveralLooks_CountsOnceAtTheSecond()
    {
        var seen = new List<bool>();
        for (var look = 0; look < 4; look++)
        {
            seen.Add(_failures.IsUnanswered(Client(1), Service));
            _failures.EndLook(look * Second);
        }

        seen.ShouldBe([false, true, false, false]);
    }

    [Fact]
    public void IsUnanswered_AnsweredBeforeTheNextLook_IsNotCounted()
    {
        _failures.IsUnanswered(Client(1), Service);
        _failures.EndLook(1 * Second);
        _failures.EndLook(2 * Second);

        _failures.IsUnanswered(Client(1), Service).ShouldBeFalse("the same port again, later");
    }

    private static IPEndPoint Client(int port) => new(IPAddress.Parse("10.70.0.200"), port);
}
