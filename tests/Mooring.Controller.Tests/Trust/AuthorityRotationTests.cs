using System.Security.Cryptography.X509Certificates;
using Mooring.Controller.Trust;

namespace Mooring.Controller.Tests.Trust;

public sealed class AuthorityRotationTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly AuthorityRotation Rotation = new(TimeSpan.FromDays(360), TimeSpan.FromHours(1));

    private readonly AuthoritySet _first = new() { Signing = Authority.Create(Start, TimeSpan.FromDays(360)), Since = Start };

    [Fact]
    public void Advance_Young_StaysAsItIs()
    {
        Rotation.Advance(_first, Start.AddDays(239), requested: false).ShouldBeSameAs(_first);
    }

    [Theory]
    [InlineData(241, false)]
    [InlineData(1, true)]
    public void Advance_DueOrRequested_MakesTheNextKnownBeforeItSigns(int day, bool requested)
    {
        var announced = Rotation.Advance(_first, Start.AddDays(day), requested);

        announced.Signing.ShouldBe(_first.Signing);
        announced.Next.ShouldNotBeNull();
        announced.Bundle.ShouldBe(_first.Signing.CertificatePem + announced.Next.CertificatePem);
    }

    [Fact]
    public void Advance_StepByStep_TrustsBothForTheOverlapAndForgetsTheOldKeyAtOnce()
    {
        var now = Start.AddDays(241);
        var announced = Rotation.Advance(_first, now, requested: false);
        Rotation.Advance(announced, now.AddMinutes(59), requested: true).ShouldBeSameAs(announced);

        var signing = Rotation.Advance(announced, now.AddHours(1), requested: false);
        signing.Signing.ShouldBe(announced.Next);
        signing.Previous.ShouldNotBeNull().CertificatePem.ShouldBe(_first.Signing.CertificatePem);
        signing.Previous.KeyPem.ShouldBeNull();
        Rotation.Advance(signing, now.AddMinutes(119), requested: false).ShouldBeSameAs(signing);

        var alone = Rotation.Advance(signing, now.AddHours(2), requested: false);
        alone.Previous.ShouldBeNull();
        alone.Bundle.ShouldBe(signing.Signing.CertificatePem);
    }

    [Fact]
    public void Advance_ExpiredWhileNobodyLooked_IsReplacedWithoutWaiting()
    {
        var now = Start.AddDays(400);
        var announced = Rotation.Advance(_first, now, requested: false);

        Rotation.Advance(announced, now, requested: false).Signing.ShouldBe(announced.Next);
    }

    [Fact]
    public void Secret_WrittenAndRead_IsTheSame()
    {
        var announced = Rotation.Advance(_first, Start, requested: true);
        var signing = Rotation.Advance(announced, Start.AddHours(1), requested: false);

        foreach (var set in (AuthoritySet[])[_first, announced, signing])
        {
            AuthoritySecret.Read(AuthoritySecret.Write(set)).ShouldBe(set);
        }

        AuthoritySecret.Read(null).ShouldBeNull();
        AuthoritySecret.Read(new Dictionary<string, byte[]>()).ShouldBeNull();
    }

    [Theory]
    [InlineData(AuthoritySecret.Certificate)]
    [InlineData(AuthoritySecret.Key)]
    [InlineData(AuthoritySecret.Since)]
    public void Secret_Damaged_IsNamedWithoutItsContents(string entry)
    {
        var data = AuthoritySecret.Write(_first);
        data[entry] = "very secret"u8.ToArray();

        var fault = Should.Throw<InvalidDataException>(() => AuthoritySecret.Read(data));

        fault.Message.ShouldContain(entry);
        fault.ToString().ShouldNotContain("very secret");
    }

    [Fact]
    public void IssueServer_NearTheEndOfTheAuthority_EndsWithIt()
    {
        using var certificate = _first.Signing.IssueServer(["mooring-controller"], Start.AddDays(359), TimeSpan.FromDays(30));

        certificate.NotAfter.ToUniversalTime().ShouldBe(_first.Signing.NotAfter.UtcDateTime);
        certificate.MatchesHostname("mooring-controller").ShouldBeTrue();
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority.ShouldBeFalse();
    }
}
