using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Http;

namespace Mooring.Sandbox.Tests.KubeApi.Http;

public sealed class NegotiationTests
{
    [Theory]
    [InlineData(null, nameof(MediaType.Json))]
    [InlineData("*/*", nameof(MediaType.Json))]
    [InlineData("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", nameof(MediaType.Table))]
    [InlineData("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", nameof(MediaType.Json))]
    [InlineData("application/vnd.kubernetes.protobuf,application/json", nameof(MediaType.Json))]
    [InlineData("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", nameof(MediaType.PartialMetadataList))]
    [InlineData("application/yaml", nameof(MediaType.Yaml))]
    [InlineData("application/json;q=0.1, application/yaml", nameof(MediaType.Yaml))]
    public void Choose_Header_GivesTheForm(string? accept, string expected) => Negotiation.Choose(accept).ToString().ShouldBe(expected);

    [Theory]
    [InlineData("application/vnd.kubernetes.protobuf")]
    [InlineData("text/html")]
    public void Choose_OnlyOtherTypes_IsNotAcceptable(string accept) =>
        Should.Throw<ApiException>(() => Negotiation.Choose(accept)).Code.ShouldBe(406);
}
