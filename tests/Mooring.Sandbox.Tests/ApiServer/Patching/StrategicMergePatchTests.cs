using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Patching;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.Tests.KubeApi.Patching;

public sealed class StrategicMergePatchTests
{
    private const string Pod = """{"spec":{"containers":[{"name":"a","image":"a:1"},{"name":"b","image":"b:1"}],"nodeSelector":{"x":"1"}}}""";

    [Fact]
    public void Apply_ListWithMergeKey_MergesTheItem() =>
        Apply("""{"spec":{"containers":[{"name":"b","image":"b:2"}]}}""")
            .ShouldBe("""{"spec":{"containers":[{"name":"a","image":"a:1"},{"name":"b","image":"b:2"}],"nodeSelector":{"x":"1"}}}""");

    [Fact]
    public void Apply_DeleteDirective_RemovesTheItem() =>
        Apply("""{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}""")
            .ShouldBe("""{"spec":{"containers":[{"name":"b","image":"b:1"}],"nodeSelector":{"x":"1"}}}""");

    [Fact]
    public void Apply_ReplaceDirective_ReplacesTheList() =>
        Apply("""{"spec":{"containers":[{"name":"c"},{"$patch":"replace"}]}}""")
            .ShouldBe("""{"spec":{"containers":[{"name":"c"}],"nodeSelector":{"x":"1"}}}""");

    [Fact]
    public void Apply_SetElementOrder_OrdersTheItems() =>
        Apply("""{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}}""")
            .ShouldBe("""{"spec":{"containers":[{"name":"b","image":"b:1"},{"name":"a","image":"a:1"}],"nodeSelector":{"x":"1"}}}""");

    [Fact]
    public void Apply_RetainKeys_DropsTheOthers() =>
        Apply("""{"spec":{"$retainKeys":["nodeSelector"],"nodeSelector":{"y":"2"}}}""").ShouldBe("""{"spec":{"nodeSelector":{"x":"1","y":"2"}}}""");

    [Fact]
    public void Apply_DeleteFromPrimitiveList_RemovesTheValue() =>
        StrategicMergePatch.Apply(
            JsonNode.Parse("""{"metadata":{"finalizers":["a","b"]}}"""),
            JsonNode.Parse("""{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}"""),
            PodSchema)!.ToJsonString().ShouldBe("""{"metadata":{"finalizers":["b"]}}""");

    [Fact]
    public void Apply_ItemWithoutMergeKey_IsRefused() =>
        Should.Throw<ApiException>(() => Apply("""{"spec":{"containers":[{"image":"x"}]}}""")).Message.ShouldContain("merge key: name");

    private static ObjectSchema PodSchema => BuiltinSchemas.Instance["io.k8s.api.core.v1.Pod"];

    private static string Apply(string patch) => StrategicMergePatch.Apply(JsonNode.Parse(Pod), JsonNode.Parse(patch), PodSchema)!.ToJsonString();
}
