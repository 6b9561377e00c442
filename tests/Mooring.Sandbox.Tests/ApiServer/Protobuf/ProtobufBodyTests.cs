using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Protobuf;

namespace Mooring.Sandbox.Tests.KubeApi.Protobuf;

public sealed class ProtobufBodyTests
{
    [Fact]
    public void Parse_ConfigMap_GivesItsJson()
    {
        // metadata {name "a", namespace "", labels {x: y}, generation 0}, data {k: ""}, immutable false (a pointer).
        byte[] message =
        [
            .. Field(1, [.. Field(1, "a"u8), .. Field(3, ""u8), 0x38, 0, .. Field(11, [.. Field(1, "x"u8), .. Field(2, "y"u8)])]),
            .. Field(2, [.. Field(1, "k"u8), .. Field(2, ""u8)]),
            0x20, 0,
        ];

        JsonBody.ToText(ProtobufBody.Parse(Envelope("v1", "ConfigMap", message))).ShouldBe(
            """{"metadata":{"name":"a","labels":{"x":"y"}},"data":{"k":""},"immutable":false,"apiVersion":"v1","kind":"ConfigMap"}""");
    }

    [Fact]
    public void Parse_FieldWeCannotRead_IsNamed() =>
        Should.Throw<ApiException>(() => ProtobufBody.Parse(Envelope("v1", "ConfigMap", Field(99, "x"u8))))
            .Message.ShouldContain("protobuf field 99 of io.k8s.api.core.v1.ConfigMap");

    [Fact]
    public void Parse_KindWeDoNotRead_IsNamed() =>
        Should.Throw<ApiException>(() => ProtobufBody.Parse(Envelope("v1", "Node", []))).Code.ShouldBe(501);

    [Fact]
    public void Parse_CutAnywhereOrGarbage_IsABadRequestOrAnObject()
    {
        var whole = Envelope("v1", "ConfigMap", [.. Field(1, Field(1, "name"u8)), .. Field(2, [.. Field(1, "k"u8), .. Field(2, "v"u8)])]);
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            var body = whole[..random.Next(whole.Length + 1)];
            if (body.Length > 5 && i % 2 == 0)
            {
                body[4 + random.Next(body.Length - 4)] = (byte)random.Next(256);
            }

            try
            {
                ProtobufBody.Parse(body).ShouldNotBeNull();
            }
            catch (ApiException e)
            {
                e.Code.ShouldBeOneOf(400, 501);
            }
        }
    }

    private static byte[] Envelope(string apiVersion, string kind, byte[] message) =>
    [
        .. "k8s\0"u8,
        .. Field(1, [.. Field(1, System.Text.Encoding.UTF8.GetBytes(apiVersion)), .. Field(2, System.Text.Encoding.UTF8.GetBytes(kind))]),
        .. Field(2, message),
    ];

    private static byte[] Field(int number, ReadOnlySpan<byte> content)
    {
        List<byte> field = [];
        for (var tag = (uint)((number << 3) | 2); ; tag >>= 7)
        {
            field.Add((byte)(tag < 0x80 ? tag : tag | 0x80));
            if (tag < 0x80)
            {
                break;
            }
        }

        return [.. field, (byte)content.Length, .. content];
    }
}
