using System.Reflection;
using System.Reflection.Emit;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Mooring.Conformance.Tests.Cluster;

/// <summary>
/// The suite's custom resource for the typed client. A kind's group stands in an attribute, that is, in the program text,
/// while the suite's is new for each run: so the type that carries it is made at run time.
/// </summary>
public class TypedWidget : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; set; }

    [JsonPropertyName("kind")]
    public string? Kind { get; set; }

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public JsonObject? Spec { get; set; }

    [JsonPropertyName("status")]
    public JsonObject? Status { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }

    /// <summary>Calls a private generic method of a case with the type for a group.</summary>
    internal static Task CallAsync(object test, string group, string method) => (Task)test.GetType()
        .GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic)!
        .MakeGenericMethod(Define(group))
        .Invoke(test, null)!;

    private static Type Define(string group)
    {
        var module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName($"Widgets.{group}"), AssemblyBuilderAccess.Run).DefineDynamicModule("Widgets");
        var type = module.DefineType("Widget", TypeAttributes.Public | TypeAttributes.Class, typeof(TypedWidget));
        var attribute = typeof(KubernetesEntityAttribute);
        (string Name, string Value)[] values = [("Group", group), ("ApiVersion", "v1"), ("Kind", "Widget"), ("PluralName", "widgets")];
        type.SetCustomAttribute(new CustomAttributeBuilder(
            attribute.GetConstructor([])!,
            [],
            [.. values.Select(v => attribute.GetProperty(v.Name)!)],
            [.. values.Select(v => (object)v.Value)]));
        return type.CreateType();
    }
}
