using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Tables;

namespace Mooring.Sandbox.Tests.KubeApi.Tables;

public sealed class JsonPathTests
{
    private static readonly JsonNode Value = JsonNode.Parse("""
        {"spec":{"a":1,"list":["x","y","z"],"items":[{"type":"Ready","status":"True"},{"type":"Other","status":"False"}]},
         "metadata":{"annotations":{"a.b/c":"dotted"}}}
        """)!;

    [Theory]
    [InlineData(".spec.a", "1")]
    [InlineData("{.spec.list[0]}", "x")]
    [InlineData(".spec.list[-1]", "z")]
    [InlineData(".spec.list[*]", "x,y,z")]
    [InlineData(".spec.list[0:2]", "x,y")]
    [InlineData(".spec.items[?(@.type==\"Ready\")].status", "True")]
    [InlineData(".spec.items[?(@.type=='Other')].status", "False")]
    [InlineData(".spec.items[*].type", "Ready,Other")]
    [InlineData(".metadata.annotations['a.b/c']", "dotted")]
    [InlineData(".metadata.annotations.a\\.b/c", "dotted")]
    [InlineData(".spec.none.deeper", "")]
    [InlineData(".spec.list[", "")]
    public void Select_Path_FindsValues(string path, string expected) =>
        string.Join(",", JsonPath.Select(Value, path).Select(n => n.Display())).ShouldBe(expected);
}
