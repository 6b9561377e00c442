using System.Text;
using k8s;
using k8s.Exceptions;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Configuration;

public sealed class KubeconfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestCertificates _certificates = new();

    public void Dispose()
    {
        _folder.Dispose();
        _certificates.Dispose();
    }

    [Fact]
    public async Task Build_CurrentContext_TakesItsClusterUserAndNamespace()
    {
        var config = Build(
            """
            apiVersion: v1
            kind: Config
            current-context: two
            clusters:
            - {name: c1, cluster: {server: "https://one:6443"}}
            - {name: c2, cluster: {server: "https://two:6443/path", tls-server-name: k8s.internal}}
            users:
            - {name: u1, user: {}}
            - {name: u2, user: {token: secret}}
            contexts:
            - {name: one, context: {cluster: c1, user: u1}}
            - {name: two, context: {cluster: c2, user: u2, namespace: prod}}
            preferences: {}
            """);

        config.Host.ShouldBe(new Uri("https://two:6443/path"));
        config.Namespace.ShouldBe("prod");
        config.CurrentContext.ShouldBe("two");
        config.TlsServerName.ShouldBe("k8s.internal");
        config.SkipTlsVerify.ShouldBeFalse();
        (await HeaderAsync(config)).ShouldBe("Bearer secret");
    }

    [Fact]
    public void Build_NamedContext_OverridesTheCurrentOne()
    {
        var config = KubernetesClientConfiguration.BuildConfigFromConfigFile(
            _folder.File("config", Minimal("").Replace("current-context: x", "current-context: other")), "x");

        config.CurrentContext.ShouldBe("x");
        config.Namespace.ShouldBe("default");
        config.TokenProvider.ShouldBeNull();
    }

    [Fact]
    public void Build_CertificatesAsData_AreParsed()
    {
        var (certificate, key) = _certificates.Client("admin");
        var config = Build(Minimal(
            $"client-certificate-data: {Base64(certificate)}, client-key-data: {Base64(key)}",
            $"certificate-authority-data: {Base64(_certificates.AuthorityPem)}"));

        config.SslCaCerts!.Single().Subject.ShouldBe("CN=test authority");
        config.ClientCertificate!.Subject.ShouldBe("CN=admin");
        config.ClientCertificate.HasPrivateKey.ShouldBeTrue();
    }

    [Fact]
    public void Build_CertificatesAsFiles_AreFoundBesideTheKubeconfig()
    {
        var (certificate, key) = _certificates.Client("admin");
        _folder.File("pki/ca.crt", $"{_certificates.AuthorityPem}\n{_certificates.AuthorityPem}\n");
        _folder.File("pki/admin.crt", certificate);
        _folder.File("pki/admin.key", key);

        var config = Build(Minimal(
            "client-certificate: pki/admin.crt, client-key: pki/admin.key", "certificate-authority: pki/ca.crt"));

        config.SslCaCerts!.Count.ShouldBe(2);
        config.ClientCertificate!.Subject.ShouldBe("CN=admin");
    }

    [Fact]
    public async Task Build_UserNameAndPassword_AreSentAsBasic()
    {
        var config = Build(Minimal("username: me, password: 'a:b'"));

        (await HeaderAsync(config)).ShouldBe("Basic " + Convert.ToBase64String("me:a:b"u8));
    }

    [Fact]
    public async Task TokenFile_Replaced_IsReadAgainAfterAMinute()
    {
        var time = new ManualTimeProvider();
        _folder.File("token", "one\n");
        var config = KubernetesClientConfiguration.BuildConfigFromConfigFile(
            _folder.File("config", Minimal("tokenFile: token, token: ignored")), time: time);
        (await HeaderAsync(config)).ShouldBe("Bearer one");

        _folder.File("token", "two\n");
        (await HeaderAsync(config)).ShouldBe("Bearer one");
        time.Advance(TimeSpan.FromSeconds(61));
        (await HeaderAsync(config)).ShouldBe("Bearer two");

        _folder.File("token", "three");
        config.TokenProvider!.Invalidate();
        (await HeaderAsync(config)).ShouldBe("Bearer three");
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task TokenFile_EmptyOrGone_IsNamed(string? content)
    {
        var path = _folder.File("token", content ?? "");
        if (content is null)
        {
            File.Delete(path);
        }

        var config = Build(Minimal("tokenFile: token"));

        (await Should.ThrowAsync<HttpRequestException>(() => HeaderAsync(config))).Message.ShouldContain(path);
    }

    [Theory]
    [InlineData("a: [", "is not YAML: line 2")]
    [InlineData("a: 1\na: 2", "is not YAML: line 2")]
    [InlineData("just words", "is not a kubeconfig")]
    [InlineData("", "is not a kubeconfig")]
    [InlineData("clusters: []", "current-context: is missing")]
    [InlineData("clusters: {}\ncurrent-context: x", "clusters: expected a list (line 1)")]
    [InlineData("clusters: [1]\ncurrent-context: x", "clusters[0]: expected a mapping (line 1)")]
    [InlineData("clusters:\n- cluster: {}\ncurrent-context: x", "clusters[0].name: is missing")]
    [InlineData("current-context: x\ncontexts: [{name: y, context: {}}]", "contexts: there is no 'x'; there is 'y'")]
    [InlineData(
        "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]",
        "contexts[x].context.cluster: names 'c', which clusters does not hold; it holds nothing (line 2)")]
    [InlineData(
        "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c}]",
        "clusters[c].cluster.server: is missing")]
    public void Build_MalformedFile_NamesFileAndField(string yaml, string expected)
    {
        var fault = Should.Throw<KubeConfigException>(() => Build(yaml));

        fault.File.ShouldBe(Path.Combine(_folder.Path, "config"));
        fault.Message.ShouldStartWith(fault.File + ": ");
        fault.Message.ShouldContain(expected);
    }

    [Theory]
    [InlineData("", "server: ftp://x", "clusters[c].cluster.server: 'ftp://x' is not an http or https URL (line")]
    [InlineData("", "certificate-authority-data: '%%%'", "clusters[c].cluster.certificate-authority-data: is not base64")]
    [InlineData("", "certificate-authority-data: aGk=", "certificate-authority-data: is not usable PEM")]
    [InlineData("", "certificate-authority: /no/such/ca", "clusters[c].cluster.certificate-authority: cannot be read")]
    [InlineData("", "insecure-skip-tls-verify: maybe", "insecure-skip-tls-verify: expected true or false, not 'maybe'")]
    [InlineData("", "proxy-url: http://p", "clusters[c].cluster.proxy-url: proxies are not supported")]
    [InlineData("client-certificate-data: aGk=", "", "users[u].user.client-certificate-data: is given without client-key")]
    [InlineData("client-key-data: aGk=", "", "users[u].user.client-key-data: is given without client-certificate")]
    [InlineData("client-certificate-data: aGk=, client-key-data: aGk=", "", "client-certificate-data: is not usable PEM")]
    [InlineData("token: {a: 1}", "", "users[u].user.token: expected a string")]
    [InlineData("as: root", "", "users[u].user.as: impersonation is not supported")]
    [InlineData("auth-provider: {name: gcp}", "", "users[u].user.auth-provider: auth providers are gone")]
    [InlineData("exec: {command: x}", "", "users[u].user.exec.apiVersion: is missing")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1}", "", "users[u].user.exec.command: is missing")]
    [InlineData(
        "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}", "",
        "users[u].user.exec.interactiveMode: 'Always' cannot be met")]
    [InlineData("exec: {apiVersion: v9, command: x}", "", "users[u].user.exec.apiVersion: 'v9' is neither")]
    public void Build_UnusableField_NamesIt(string user, string cluster, string expected)
    {
        Should.Throw<KubeConfigException>(() => Build(Minimal(user, cluster))).Message.ShouldContain(expected);
    }

    [Fact]
    public void Build_SkipVerifyWithAuthority_IsRefused()
    {
        var yaml = Minimal("", $"insecure-skip-tls-verify: true, certificate-authority-data: {Base64(_certificates.AuthorityPem)}");

        Should.Throw<KubeConfigException>(() => Build(yaml)).Message.ShouldContain("cannot be combined");
    }

    [Fact]
    public void Build_NoFile_SaysWhich()
    {
        Should.Throw<KubeConfigException>(() => KubernetesClientConfiguration.BuildConfigFromConfigFile("/no/such/config"))
            .Message.ShouldStartWith("/no/such/config: cannot be read");
    }

    [Fact]
    public void Load_SeveralFiles_TheFirstToNameSomethingWins()
    {
        var first = _folder.File("first", "current-context: x\nclusters: [{name: c, cluster: {server: http://first}}]");
        var second = _folder.File("second/config", Minimal("").Replace("current-context: x", "current-context: y"));

        var config = k8s.KubeConfigModels.KubeConfig.Load([first, second]);
        var resolved = k8s.KubeConfigModels.KubeConfigResolver.Resolve(config, config.CurrentContext!, TimeProvider.System);

        resolved.CurrentContext.ShouldBe("x");
        resolved.Host.ShouldBe(new Uri("http://first"));
    }

    [Fact]
    public async Task InCluster_ServiceAccount_IsUsed()
    {
        _folder.File("token", "t1");
        _folder.File("namespace", "kube-system\n");
        _folder.File("ca.crt", _certificates.AuthorityPem);

        var config = KubernetesClientConfiguration.InClusterConfig("fd00::1", "443", _folder.Path, TimeProvider.System);

        config.Host.ShouldBe(new Uri("https://[fd00::1]:443"));
        config.Namespace.ShouldBe("kube-system");
        config.SslCaCerts!.Count.ShouldBe(1);
        (await HeaderAsync(config)).ShouldBe("Bearer t1");
    }

    [Theory]
    [InlineData(null, "443", "not in a pod")]
    [InlineData("10.0.0.1", "443", "no service account token")]
    public void InCluster_NotInAPod_SaysWhatIsMissing(string? host, string port, string expected)
    {
        Should.Throw<KubeConfigException>(
                () => KubernetesClientConfiguration.InClusterConfig(host, port, _folder.Path, TimeProvider.System))
            .Message.ShouldContain(expected);
    }

    internal static string Minimal(string user, string cluster = "") =>
        $"""
        current-context: x
        clusters:
        - name: c
          cluster: {Flow((cluster.StartsWith("server", StringComparison.Ordinal) ? "" : "server: https://c:6443, ") + cluster)}
        users:
        - name: u
          user: {Flow(user)}
        contexts:
        - name: x
          context: {Flow("cluster: c, user: u")}
        """;

    private static string Flow(string fields) => "{ " + fields + " }";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static async Task<string?> HeaderAsync(KubernetesClientConfiguration config) =>
        (await config.TokenProvider!.GetAuthenticationHeaderAsync(CancellationToken.None))?.ToString();

    private KubernetesClientConfiguration Build(string yaml) =>
        KubernetesClientConfiguration.BuildConfigFromConfigFile(_folder.File("config", yaml));
}
