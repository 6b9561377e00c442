using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Patching;

namespace Mooring.Sandbox.Tests.KubeApi.Patching;

/// <summary>Mostly the examples of RFC 6902, appendix A.</summary>
public sealed class JsonPatchTests
{
    [Theory]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("""{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc"]}]""", """{"foo":["bar",["abc"]]}""")]
    [InlineData("""{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("""{"baz":"qux"}""", """[{"op":"replace","path":"/baz","value":null}]""", """{"baz":null}""")]
    [InlineData("""{"a":{"b":1},"c":{}}""", """[{"op":"move","from":"/a/b","path":"/c/d"}]""", """{"a":{},"c":{"d":1}}""")]
    [InlineData("""{"a":[1]}""", """[{"op":"copy","from":"/a","path":"/b"}]""", """{"a":[1],"b":[1]}""")]
    [InlineData("""{"a~b":1,"c/d":2}""", """[{"op":"replace","path":"/a~0b","value":3},{"op":"remove","path":"/c~1d"}]""", """{"a~b":3}""")]
    [InlineData("""{"a":[0,1]}""", """[{"op":"replace","path":"/a/0","value":7},{"op":"test","path":"/a/0","value":7}]""", """{"a":[7,1]}""")]
    public void Apply_ValidPatch_ChangesTheDocument(string document, string patch, string expected) =>
        JsonPatch.Apply(JsonNode.Parse(document), JsonNode.Parse(patch))!.ToJsonString().ShouldBe(expected);

    [Theory]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""", 422)]
    [InlineData("""[{"op":"remove","path":"/missing"}]""", 422)]
    [InlineData("""[{"op":"replace","path":"/missing","value":1}]""", 422)]
    [InlineData("""[{"op":"add","path":"/list/9","value":1}]""", 422)]
    [InlineData("""[{"op":"move","from":"/o","path":"/o/x"}]""", 422)]
    [InlineData("""[{"op":"frobnicate","path":"/a"}]""", 400)]
    [InlineData("""[{"op":"add","path":"a","value":1}]""", 400)]
    [InlineData("""[{"op":"add","path":"/b"}]""", 400)]
    [InlineData("""{"a":1}""", 400)]
    public void Apply_PatchThatCannotBe_IsRefused(string patch, int code) =>
        Should.Throw<ApiException>(() => JsonPatch.Apply(JsonNode.Parse("""{"a":1,"list":[0],"o":{}}"""), JsonNode.Parse(patch))).Code.ShouldBe(code);
}
