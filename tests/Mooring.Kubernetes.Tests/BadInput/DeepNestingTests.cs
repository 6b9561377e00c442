using k8s;
using k8s.Exceptions;
using k8s.Models;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Tests.Client;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.BadInput;

/// <summary>Ten thousand levels, wherever something is parsed: an error, not the end of the process.</summary>
public sealed class DeepNestingTests : ClientTestBase
{
    private const int Levels = 10_000;

    private static readonly string Arrays = new string('[', Levels) + new string(']', Levels);
    private static readonly string Objects =
        string.Concat(Enumerable.Repeat("{\"a\":", Levels)) + "1" + new string('}', Levels);

    public static TheoryData<string> Shapes => ["arrays", "objects"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Get_Object_IsRefusedNamingTheRequest(string shape)
    {
        var client = await ClientAsync(c => c.JsonAsync($$"""{"metadata":{"name":"n"},"deep":{{Deep(shape)}}}"""));

        await RefusesAsync(() => client.GetAsync<V1Node>("n"), "GET /api/v1/nodes/n: ");
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task List_Item_IsRefusedNamingTheRequest(string shape)
    {
        var client = await ClientAsync(c => c.JsonAsync(
            Answers.List("1", null, $$$"""{"metadata":{"name":"n","managedFields":{{{Deep(shape)}}}}}""")));

        foreach (var fields in Enum.GetValues<ObjectFields>())
        {
            await RefusesAsync(
                () => client.ListAsync<V1Node>(options: new ListOptions { Fields = fields }), "GET /api/v1/nodes?limit=500: ");
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Watch_Event_IsRefusedNamingTheRequest(string shape)
    {
        var client = await ClientAsync(c => c.SendAsync(
            Answers.Event("ADDED", $$"""{"metadata":{"name":"n"},"deep":{{Deep(shape)}}}""") + "\n"));

        foreach (var fields in Enum.GetValues<ObjectFields>())
        {
            await RefusesAsync(
                async () =>
                {
                    await foreach (var _ in client.WatchAsync<V1Node>(options: new WatchOptions { Fields = fields }))
                    {
                        throw new InvalidOperationException("it was read");
                    }
                },
                "GET /api/v1/nodes?watch=true");
        }
    }

    [Fact]
    public async Task Get_Error_IsShownAsItCame()
    {
        var client = await ClientAsync(c => c.JsonAsync(Arrays, 403));

        var fault = await Should.ThrowAsync<KubernetesException>(() => client.GetAsync<V1Node>("n"));

        fault.Message.ShouldContain("403 Forbidden, not from a Kubernetes API server: application/json '[[[[");
        fault.Message.Length.ShouldBeLessThan(400);
    }

    [Fact]
    public async Task Plugin_Credential_IsRefusedNamingThePlugin()
    {
        using var folder = new TemporaryFolder();
        folder.File("deep.json", Arrays);
        var plugin = folder.Program("plugin", $"cat {folder.Path}/deep.json");
        var config = KubernetesClientConfiguration.BuildConfigFromConfigFile(folder.File(
            "config",
            $$$$"""
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
            users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: "{{{{plugin}}}}"}}}]
            """));

        (await Should.ThrowAsync<HttpRequestException>(() => Connect(config).GetAsync<V1Node>("n")))
            .Message.ShouldBe($"the credential plugin {plugin} printed something that is not an ExecCredential");
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    public void Build_Kubeconfig_IsRefusedNamingTheFile(string level)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("config", string.Concat(Enumerable.Repeat(level, Levels)) + "1");

        var fault = Should.Throw<KubeConfigException>(() => KubernetesClientConfiguration.BuildConfigFromConfigFile(file));

        fault.Message.ShouldStartWith($"{file}: is not YAML: line 1");
    }

    private static string Deep(string shape) => shape == "arrays" ? Arrays : Objects;

    private static async Task RefusesAsync(Func<Task> call, string request)
    {
        var fault = await Should.ThrowAsync<HttpRequestException>(call);

        fault.HttpRequestError.ShouldBe(HttpRequestError.InvalidResponse);
        fault.Message.ShouldStartWith(request);
        fault.Message.ShouldContain("depth");
    }
}
