using k8s;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Configuration;

public sealed class ExecCredentialTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Plugin_PrintsAToken_IsRunOnceWithItsArgumentsAndEnvironment()
    {
        var config = Plugin(
            """
            echo run >> "$(dirname "$0")/runs"
            echo "$KUBERNETES_EXEC_INFO" > "$(dirname "$0")/info"
            echo "{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"$1-$WHO\"}}"
            """,
            "args: [tok], env: [{name: WHO, value: me}],");

        (await HeaderAsync(config)).ShouldBe("Bearer tok-me");
        (await HeaderAsync(config)).ShouldBe("Bearer tok-me");

        Runs().ShouldBe(1);
        (await File.ReadAllTextAsync(Path.Combine(_folder.Path, "info"))).ShouldContain(
            "\"apiVersion\":\"client.authentication.k8s.io/v1\"");
        config.TokenProvider!.Invalidate();
        await HeaderAsync(config);
        Runs().ShouldBe(2);
    }

    [Fact]
    public async Task Plugin_ThatAsksForTheCluster_IsToldOfIt()
    {
        var config = Plugin(
            """
            echo "$KUBERNETES_EXEC_INFO" > "$(dirname "$0")/info"
            echo '{"status":{"token":"t"}}'
            """,
            "provideClusterInfo: true,");
        await HeaderAsync(config);

        using var info = System.Text.Json.JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(_folder.Path, "info")));
        info.RootElement.GetProperty("spec").GetProperty("cluster").GetProperty("server").GetString()!
            .ShouldStartWith("http");
        info.RootElement.GetProperty("spec").GetProperty("interactive").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task Plugin_TokenExpires_IsRunAgainBefore()
    {
        var expires = _time.GetUtcNow().AddMinutes(10).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        var config = Plugin(
            $$$"""
            echo run >> "$(dirname "$0")/runs"
            echo '{"status":{"token":"t","expirationTimestamp":"{{{expires}}}"}}'
            """);
        await HeaderAsync(config);

        _time.Advance(TimeSpan.FromMinutes(9));
        await HeaderAsync(config);
        Runs().ShouldBe(1);
        _time.Advance(TimeSpan.FromSeconds(55));
        await HeaderAsync(config);
        Runs().ShouldBe(2);
    }

    [Fact]
    public async Task Plugin_AskedByManyAtOnce_IsRunOnce()
    {
        var config = Plugin("""echo run >> "$(dirname "$0")/runs"; echo '{"status":{"token":"t"}}'""");

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => HeaderAsync(config)));

        Runs().ShouldBe(1);
    }

    [Theory]
    [InlineData("exit 3", "exited with status 3")]
    [InlineData("echo hello", "printed something that is not an ExecCredential")]
    [InlineData("echo '{}'", "neither status.token nor status.clientCertificateData")]
    [InlineData("""echo '{"status":{"clientCertificateData":"x","clientKeyData":"y"}}'""", "that is not PEM")]
    public async Task Plugin_Fails_IsNamedWithWhatItDid(string script, string expected)
    {
        var config = Plugin(script);

        var fault = await Should.ThrowAsync<HttpRequestException>(() => HeaderAsync(config));

        fault.HttpRequestError.ShouldBe(HttpRequestError.UserAuthenticationError);
        fault.Message.ShouldContain(Path.Combine(_folder.Path, "plugin"));
        fault.Message.ShouldContain(expected);
    }

    [Fact]
    public async Task Plugin_Hangs_IsEndedAfterItsDeadline()
    {
        var config = Plugin("""echo run >> "$(dirname "$0")/runs"; exec sleep 1000""");
        var asked = HeaderAsync(config);

        await _time.AdvanceUntilAsync(() => asked.IsCompleted, TimeSpan.FromSeconds(5));

        (await Should.ThrowAsync<HttpRequestException>(() => asked)).Message.ShouldContain("no answer within 60 s");
    }

    [Fact]
    public async Task Plugin_Missing_GivesTheInstallHint()
    {
        var config = KubernetesClientConfiguration.BuildConfigFromConfigFile(_folder.File("config", KubeconfigTests.Minimal(
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin-anywhere, installHint: get it from X}")));

        (await Should.ThrowAsync<HttpRequestException>(() => HeaderAsync(config))).Message.ShouldEndWith("get it from X");
    }

    private static async Task<string?> HeaderAsync(KubernetesClientConfiguration config) =>
        (await config.TokenProvider!.GetAuthenticationHeaderAsync(CancellationToken.None))?.ToString();

    private int Runs() => File.ReadAllLines(Path.Combine(_folder.Path, "runs")).Length;

    private KubernetesClientConfiguration Plugin(string script, string more = "")
    {
        _folder.Program("plugin", script);
        var yaml = KubeconfigTests.Minimal(
            $"exec: {{apiVersion: client.authentication.k8s.io/v1, {more} command: ./plugin}}");
        return KubernetesClientConfiguration.BuildConfigFromConfigFile(_folder.File("config", yaml), time: _time);
    }
}
