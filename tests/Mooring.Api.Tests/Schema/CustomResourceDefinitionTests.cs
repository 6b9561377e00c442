using Mooring.Api.Schema;
using Mooring.Api.V1Alpha1;

namespace Mooring.Api.Tests.Schema;

public sealed class CustomResourceDefinitionTests
{
    private static readonly SchemaNode VirtualIp = Spec(typeof(V1Alpha1VirtualIp));
    private static readonly SchemaNode Pool = Spec(typeof(V1Alpha1BackendPool));

    [Fact]
    public void Schema_Port_HasItsBounds()
    {
        var port = Field(VirtualIp, "ports").Child("items")!.Child("properties")!.Child("port")!;

        port["minimum"].ShouldBe(1);
        port["maximum"].ShouldBe(65535);
    }

    [Fact]
    public void Schema_Ports_AreAMapByName()
    {
        var ports = Field(VirtualIp, "ports");

        ports["x-kubernetes-list-type"].ShouldBe("map");
        ports["x-kubernetes-list-map-keys"].ShouldBe(new List<object> { "name" });
        ports["minItems"].ShouldBe(1);
    }

    [Fact]
    public void Schema_TargetPort_IsIntOrString()
    {
        Field(VirtualIp, "ports").Child("items")!.Child("properties")!.Child("targetPort")!
            ["x-kubernetes-int-or-string"].ShouldBe(true);
    }

    [Fact]
    public void Schema_Enum_HasValuesAndDefault()
    {
        var algorithm = Field(Pool, "algorithm");

        algorithm["default"].ShouldBe("Maglev");
        ((List<object>)algorithm["enum"]).ShouldContain("LeastResponseTime");
    }

    [Fact]
    public void Schema_FieldsWithADefault_AreNotRequired()
    {
        // kubectl checks "required" before the server has filled in defaults.
        foreach (var type in CustomResources.Types)
        {
            Walk(new CustomResourceDefinition(type).Schema(), node =>
            {
                var required = node.TryGetValue("required", out var names) ? (List<object>)names : [];
                foreach (var name in required)
                {
                    node.Child("properties")!.Child((string)name)!.ContainsKey("default").ShouldBeFalse((string)name);
                }
            });
        }
    }

    [Fact]
    public void Schema_EveryProperty_HasATypeAndADescription()
    {
        foreach (var type in CustomResources.Types)
        {
            Walk(new CustomResourceDefinition(type).Schema(), node =>
            {
                foreach (var (name, value) in node.Child("properties") ?? [])
                {
                    var field = (SchemaNode)value;
                    (name == "metadata" || field.Text("description").Length > 0).ShouldBeTrue(name);
                    (field.ContainsKey("type") || field.ContainsKey("x-kubernetes-int-or-string")).ShouldBeTrue(name);
                }
            });
        }
    }

    private static SchemaNode Spec(Type type) =>
        new CustomResourceDefinition(type).Schema().Child("properties")!.Child("spec")!;

    private static SchemaNode Field(SchemaNode node, string name) => node.Child("properties")!.Child(name)!;

    private static void Walk(SchemaNode node, Action<SchemaNode> visit)
    {
        visit(node);
        foreach (var (_, value) in node.Child("properties") ?? [])
        {
            Walk((SchemaNode)value, visit);
        }

        if (node.Child("items") is { } items)
        {
            Walk(items, visit);
        }
    }
}
