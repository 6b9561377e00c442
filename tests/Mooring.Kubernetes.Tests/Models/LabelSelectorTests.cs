using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Tests.Models;

public sealed class LabelSelectorTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "web", ["tier"] = "front" };

    [Theory]
    [InlineData("""{}""", true)]
    [InlineData("""{"matchLabels":{"app":"web"}}""", true)]
    [InlineData("""{"matchLabels":{"app":"web","tier":"back"}}""", false)]
    [InlineData("""{"matchLabels":{"none":""}}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"In","values":["db","web"]}]}""", true)]
    [InlineData("""{"matchExpressions":[{"key":"none","operator":"In","values":["db"]}]}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"NotIn","values":["web"]}]}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"none","operator":"NotIn","values":["web"]}]}""", true)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"Exists"}]}""", true)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"DoesNotExist"}]}""", false)]
    [InlineData("""{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"none","operator":"Exists"}]}""", false)]
    public void Matches_EachRequirement_IsMetOrNot(string selector, bool expected)
    {
        KubernetesJson.Deserialize<V1LabelSelector>(selector)!.Matches(Labels).ShouldBe(expected);
    }

    [Fact]
    public void Matches_ObjectWithoutLabels_MeetsOnlyAbsence()
    {
        new V1LabelSelector().Matches(null).ShouldBeTrue();
        new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["a"] = "b" } }.Matches(null).ShouldBeFalse();
    }

    [Fact]
    public void Matches_UnknownOperator_NamesKeyAndChoices()
    {
        var selector = new V1LabelSelector
        {
            MatchExpressions = [new V1LabelSelectorRequirement { Key = "app", OperatorProperty = "Gt" }],
        };

        Should.Throw<FormatException>(() => selector.Matches(Labels)).Message
            .ShouldBe("label selector operator 'Gt' of key 'app' is none of In, NotIn, Exists, DoesNotExist");
    }
}
