using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Selectors;

namespace Mooring.Sandbox.Tests.KubeApi.Selectors;

public sealed class LabelSelectorTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "web", ["tier"] = "front", ["n"] = "5" };

    [Theory]
    [InlineData("", true)]
    [InlineData("app=web", true)]
    [InlineData("app==web,tier!=back", true)]
    [InlineData("app=db", false)]
    [InlineData("app in (web, db),tier", true)]
    [InlineData("app notin (web,db)", false)]
    [InlineData("missing notin (x)", true)]
    [InlineData("missing!=x", true)]
    [InlineData("missing", false)]
    [InlineData("!missing", true)]
    [InlineData("!app", false)]
    [InlineData("n>4,n<6", true)]
    [InlineData("n>5", false)]
    public void Matches_Selector_HoldsAsExpected(string selector, bool expected) =>
        LabelSelector.Parse(selector).Matches(Labels).ShouldBe(expected);

    [Theory]
    [InlineData("app in web")]
    [InlineData("app in (web")]
    [InlineData("a b c")]
    [InlineData(",")]
    public void Parse_Malformed_IsABadRequest(string selector) =>
        Should.Throw<ApiException>(() => LabelSelector.Parse(selector)).Code.ShouldBe(400);
}
