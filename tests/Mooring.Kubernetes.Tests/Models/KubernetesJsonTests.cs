using System.Text.Json;
using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Tests.Models;

public sealed class KubernetesJsonTests
{
    [Theory]
    [InlineData("80", 80, "80")]
    [InlineData("\"http\"", null, "http")]
    [InlineData("\"80\"", null, "80")]
    public void IntOrString_EitherForm_IsKeptAsSent(string json, int? number, string text)
    {
        var value = KubernetesJson.Deserialize<IntstrIntOrString>(json)!;

        value.IntValue.ShouldBe(number);
        value.Value.ShouldBe(text);
        KubernetesJson.Serialize(value).ShouldBe(json);
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("true")]
    [InlineData("{}")]
    [InlineData("99999999999")]
    public void IntOrString_AnythingElse_IsRefused(string json)
    {
        Should.Throw<JsonException>(() => KubernetesJson.Deserialize<IntstrIntOrString>(json));
    }

    [Fact]
    public void IntOrString_NumberAndItsText_AreDifferent()
    {
        IntstrIntOrString number = 80;
        IntstrIntOrString text = "80";

        number.ShouldNotBe(text);
        number.ShouldBe(new IntstrIntOrString(80));
    }

    [Theory]
    [InlineData("2026-01-02T03:04:05Z", 0)]
    [InlineData("2026-01-02T04:04:05+01:00", 0)]
    [InlineData("2026-01-02T03:04:05.123456Z", 1_234_560)]
    [InlineData("2026-01-02T03:04:05.1Z", 1_000_000)]
    public void Time_AnyRfc3339_IsReadAsUtc(string text, long ticks)
    {
        var time = KubernetesJson.Deserialize<DateTime>($"\"{text}\"");

        time.Kind.ShouldBe(DateTimeKind.Utc);
        time.ShouldBe(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddTicks(ticks));
    }

    [Fact]
    public void Time_Written_HasFractionsOnlyWhereThereAreAny()
    {
        var time = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

        KubernetesJson.Serialize(time).ShouldBe("\"2026-01-02T03:04:05Z\"");
        KubernetesJson.Serialize(time.AddMilliseconds(7)).ShouldBe("\"2026-01-02T03:04:05.007000Z\"");
    }

    [Fact]
    public void MicroTime_Written_AlwaysHasSixDigits()
    {
        var spec = new V1LeaseSpec { RenewTime = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc) };

        KubernetesJson.Serialize(spec).ShouldBe("""{"renewTime":"2026-01-02T03:04:05.000000Z"}""");
    }

    [Theory]
    [InlineData("\"yesterday\"")]
    [InlineData("17")]
    public void Time_Nonsense_IsRefused(string json)
    {
        Should.Throw<JsonException>(() => KubernetesJson.Deserialize<DateTime>(json)).Message.ShouldContain("RFC 3339");
    }

    [Fact]
    public void Serialize_NewObject_HasKindAndNoNulls()
    {
        KubernetesJson.Serialize(new V1Lease { Metadata = new V1ObjectMeta { Name = "l" } })
            .ShouldBe("""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"}}""");
    }

    [Fact]
    public void Secret_Data_IsBase64()
    {
        var secret = KubernetesJson.Deserialize<V1Secret>("""{"data":{"k":"AAEC"}}""")!;

        secret.Data!["k"].ShouldBe([0, 1, 2]);
        KubernetesJson.Serialize(secret).ShouldContain("\"AAEC\"");
    }

    [Fact]
    public void ModelsOfThisAssembly_RoundTripFieldsNobodyModels()
    {
        foreach (var (type, definition) in Mooring.Kubernetes.Client.EntityDefinition.FindAll(typeof(V1Pod).Assembly))
        {
            var json = $$$"""
                {"apiVersion":"{{{definition.ApiVersion}}}","kind":"{{{definition.Kind}}}",
                 "metadata":{"name":"x","newInMeta":{"a":1}},"newAtTop":[true,null]}
                """;

            var again = JsonSerializer.Serialize(
                JsonSerializer.Deserialize(json, type, KubernetesJson.Options), type, KubernetesJson.Options);

            again.ShouldContain("\"newInMeta\":{\"a\":1}", customMessage: type.Name);
            again.ShouldContain("\"newAtTop\":[true,null]", customMessage: type.Name);
        }
    }
}
