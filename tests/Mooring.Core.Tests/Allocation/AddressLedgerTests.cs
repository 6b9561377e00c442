using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Allocation;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Allocation;

public sealed class AddressLedgerTests
{
    private const AddressFamily V4 = AddressFamily.InterNetwork;
    private const AddressFamily V6 = AddressFamily.InterNetworkV6;
    private static readonly Dictionary<IPAddress, string> Nothing = [];

    [Fact]
    public void Allocate_FirstOfAPool_GivesTheLowestFree()
    {
        var ledger = Ledger(["10.0.0.10-10.0.0.12"], used: ["10.0.0.10"]);

        Granted(ledger.Allocate(Request("a"))).ShouldBe(["10.0.0.11"]);
        Granted(ledger.Allocate(Request("b"))).ShouldBe(["10.0.0.12"]);
        Refusal(ledger.Allocate(Request("c"))).Reason.ShouldBe(AllocationRefusal.PoolExhausted);
    }

    [Fact]
    public void Allocate_BothFamilies_GivesOneOfEachOrNothing()
    {
        var ledger = Ledger(["10.0.0.1-10.0.0.2", "fd00::1-fd00::1"]);

        Granted(ledger.Allocate(Request("a", families: [V6, V4]))).ShouldBe(["fd00::1", "10.0.0.1"]);
        Refusal(ledger.Allocate(Request("b", families: [V4, V6]))).Message.ShouldContain("no free IPv6 address left");
        Granted(ledger.Allocate(Request("c"))).ShouldBe(["10.0.0.2"], "what the refused one would have had is free");
    }

    [Fact]
    public void Allocate_FamilyThePoolHasNot_SaysSo() =>
        Refusal(Ledger(["10.0.0.0/24"]).Allocate(Request("a", families: [V6])))
            .Reason.ShouldBe(AllocationRefusal.NoAddressOfFamily);

    [Fact]
    public void Allocate_UnknownPool_NamesOthers()
    {
        var refused = Refusal(Ledger(["10.0.0.0/24"]).Allocate(Request("a") with { Pool = "pubic" }));

        refused.Reason.ShouldBe(AllocationRefusal.UnknownPool);
        refused.Message.ShouldContain("name one of: public");
    }

    [Fact]
    public void Allocate_AddressAskedFor_IsGivenOrRefusedWithTheOwner()
    {
        var ledger = Ledger(["10.0.0.0/24"], used: ["10.0.0.7"], blocked: "10.0.0.9");

        Granted(ledger.Allocate(Request("a", wanted: "10.0.0.8"))).ShouldBe(["10.0.0.8"]);
        Refusal(ledger.Allocate(Request("b", wanted: "10.0.0.7"))).Message.ShouldContain("belongs to default/old");
        Refusal(ledger.Allocate(Request("b", wanted: "10.0.0.9"))).Message.ShouldContain("in use by a router");
        Refusal(ledger.Allocate(Request("b", wanted: "10.0.0.8"))).Reason.ShouldBe(AllocationRefusal.AddressTaken);
        Refusal(ledger.Allocate(Request("b", wanted: "10.0.1.8"))).Reason.ShouldBe(AllocationRefusal.AddressNotInPool);
    }

    [Fact]
    public void Allocate_SameSharingKeyAndOtherPort_SharesTheAddress()
    {
        var ledger = Ledger(["10.0.0.0/24"]);
        var web = Granted(ledger.Allocate(Request("web", key: "k", port: 80)));

        Granted(ledger.Allocate(Request("mail", key: "k", port: 25))).ShouldBe(web);
        Granted(ledger.Allocate(Request("web2", key: "k", port: 80))).ShouldNotBe(web);
        Granted(ledger.Allocate(Request("alone", port: 443))).ShouldNotBe(web);
        Granted(ledger.Allocate(Request("other", key: "l", port: 443))).ShouldNotBe(web);
        Refusal(ledger.Allocate(Request("last", key: "k", port: 25, wanted: web[0]))).Message
            .ShouldContain("default/mail has port 25/TCP");
    }

    [Fact]
    public void Allocate_SlashSixtyFour_CostsNothingPerAddress()
    {
        var ledger = Ledger(["fd00::/64", "10.0.0.0/12"]);

        var given = Enumerable.Range(0, 10_000)
            .SelectMany(i => Granted(ledger.Allocate(Request($"v{i}", families: [V4, V6]))))
            .ToHashSet(StringComparer.Ordinal);

        given.Count.ShouldBe(20_000);
        given.ShouldContain("fd00::270f");
        given.ShouldContain("10.0.39.15");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(0)]
    public void Allocate_RandomHistory_NeverGivesOneAddressTwice(int fixedSeed)
    {
        var seed = fixedSeed == 0 ? Random.Shared.Next() : fixedSeed;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        var has = new Dictionary<(string Owner, string Address), AddressUser>();
        for (var step = 0; step < 300; step++)
        {
            // Pools come, go and change; what is used stays used.
            var start = random.Next(0, 64);
            string[] ranges = [$"10.0.0.{start}-10.0.0.{start + random.Next(1, 40)}", $"fd00::{random.Next(1, 9)}-fd00::{random.Next(10, 99)}"];
            var avoidBuggy = random.Next(2) == 0;
            var ledger = new AddressLedger(
                [new AllocationPool("public", Set(ranges), avoidBuggy)],
                has.Select(entry => (IPAddress.Parse(entry.Key.Address), entry.Value)),
                Nothing);
            for (var i = 0; i < random.Next(1, 6); i++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"v{step}-{i}");
                ImmutableArray<AddressFamily> families = random.Next(3) switch { 0 => [V4], 1 => [V6], _ => [V4, V6] };
                var request = Request(
                    name, random.Next(3) == 0 ? "k" : null, (ushort)random.Next(1, 4), families,
                    random.Next(4) == 0 ? $"10.0.0.{random.Next(0, 110)}" : null);
                if (ledger.Allocate(request) is AllocationResult.Granted granted)
                {
                    granted.Addresses.Select(address => address.AddressFamily)
                        .ShouldBe(request.Wanted.IsEmpty ? families : [V4], $"seed {seed} step {step}");
                    foreach (var address in granted.Addresses)
                    {
                        Set(ranges).Contains(address).ShouldBeTrue($"seed {seed} step {step}: {address}");
                        has.Add((name, address.ToString()), request.User);
                    }
                }
            }

            foreach (var users in has.GroupBy(entry => entry.Key.Address).Where(users => users.Count() > 1))
            {
                users.Select(user => user.Value.SharingKey).Distinct().ShouldBe(["k"], $"seed {seed} step {step}: {users.Key}");
                users.SelectMany(user => user.Value.Ports).ShouldBeUnique($"seed {seed} step {step}: {users.Key}");
            }

            foreach (var gone in has.Keys.Where(_ => random.Next(12) == 0).ToArray())
            {
                has.Remove(gone);
            }
        }
    }

    [Fact]
    public void Allocate_MillionAddressPool_TakesAFractionOfASecond()
    {
        var start = Stopwatch.GetTimestamp();
        var used = Enumerable.Range(0, 10_000).Select(i => $"10.{i / 62500}.{i / 250 % 250}.{i % 250}").ToArray();

        Granted(Ledger(["10.0.0.0/12"], used).Allocate(Request("a"))).ShouldBe(["10.0.0.250"]);

        // A cost per address would be of the order of minutes; the bound is for the slowest of machines.
        Stopwatch.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    private static AddressLedger Ledger(string[] ranges, string[]? used = null, string? blocked = null) => new(
        [new AllocationPool("public", Set(ranges))],
        (used ?? []).Select(text => (IPAddress.Parse(text), User("old"))),
        blocked is null ? Nothing : new Dictionary<IPAddress, string> { [IPAddress.Parse(blocked)] = "in use by a router" });

    private static AddressUser User(string name, string? key = null, ushort port = 80) => new()
    {
        Key = new NamespacedName("default", name),
        SharingKey = key,
        Ports = [(TransportProtocol.Tcp, port)],
    };

    private static AllocationRequest Request(
        string name, string? key = null, ushort port = 80, ImmutableArray<AddressFamily> families = default, string? wanted = null) => new()
    {
        User = User(name, key, port),
        Pool = "public",
        Families = families.IsDefault ? [] : families,
        Wanted = wanted is null ? [] : [IPAddress.Parse(wanted)],
    };

    private static AddressSet Set(params string[] texts) => AddressSet.Of(texts.Select(text =>
        AddressRange.TryParse(text, out var range, out var problem) ? range : throw new FormatException(problem)));

    private static string[] Granted(AllocationResult result) =>
        [.. result.ShouldBeOfType<AllocationResult.Granted>().Addresses.Select(address => address.ToString())];

    private static AllocationResult.Refused Refusal(AllocationResult result) =>
        result.ShouldBeOfType<AllocationResult.Refused>();
}
