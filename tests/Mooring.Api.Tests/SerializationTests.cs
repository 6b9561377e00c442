using k8s;
using Mooring.Api.V1Alpha1;

namespace Mooring.Api.Tests;

public sealed class SerializationTests
{
    [Fact]
    public void VirtualIp_UnknownFields_ArePreserved()
    {
        const string json = """
            {"apiVersion":"mooring.dev/v1alpha1","kind":"VirtualIp","metadata":{"name":"web","namespace":"default"},
             "spec":{"addresses":["10.70.0.100"],"ports":[{"name":"http","port":80,"backendPool":"web","future":1}],
             "later":{"a":true}}}
            """;

        var vip = KubernetesJson.Deserialize<V1Alpha1VirtualIp>(json)!;
        var again = KubernetesJson.Serialize(vip);

        vip.Spec.Ports[0].Protocol.ShouldBe("TCP");
        again.ShouldContain("\"later\":{\"a\":true}");
        again.ShouldContain("\"future\":1");
    }

    [Theory]
    [InlineData("8080", 8080, "8080")]
    [InlineData("\"http\"", null, "http")]
    public void TargetPort_NumberOrName_IsKept(string json, int? number, string text)
    {
        var port = KubernetesJson.Deserialize<VirtualIpPort>($"{{\"name\":\"a\",\"port\":80,\"targetPort\":{json}}}")!;

        port.TargetPort!.IntValue.ShouldBe(number);
        port.TargetPort.Value.ShouldBe(text);
        KubernetesJson.Serialize(port).ShouldContain($"\"targetPort\":{json}");
    }
}
