using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s.Authentication;

namespace k8s.KubeConfigModels;

/// <summary>Turns one context of a kubeconfig into a configuration.</summary>
internal static class KubeConfigResolver
{
    public static KubernetesClientConfiguration Resolve(KubeConfig config, string contextName, TimeProvider time)
    {
        var context = config.Context(contextName);
        var cluster = config.Cluster(context["cluster"]);
        var user = config.User(context["user"]);
        Refuse(cluster["proxy-url"], "proxies are not supported");
        var skip = cluster["insecure-skip-tls-verify"].Flag();
        var roots = Pem(cluster, "certificate-authority");
        if (skip && roots is not null)
        {
            throw cluster["insecure-skip-tls-verify"].Fault("cannot be combined with a certificate authority");
        }

        return new KubernetesClientConfiguration
        {
            Host = Server(cluster["server"]),
            Namespace = context["namespace"].Text() ?? "default",
            CurrentContext = contextName,
            SkipTlsVerify = skip,
            TlsServerName = cluster["tls-server-name"].Text(),
            SslCaCerts = roots is { } ca ? Guard(ca.Field, () => PemFiles.Parse(ca.Text)) : null,
            ClientCertificate = user is { } holder ? ClientCertificate(holder) : null,
            ClientCertificateFiles = user is { } renewed ? ClientCertificateFiles(renewed) : null,
            TokenProvider = user is { } bearer ? Credentials(bearer, cluster, time) : null,
        };
    }

    private static Uri Server(YamlField field) =>
        Uri.TryCreate(field.Required(), UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? uri
            : throw field.Fault($"'{field.Text()}' is not an http or https URL");

    private static X509Certificate2? ClientCertificate(YamlField user)
    {
        var certificate = Pem(user, "client-certificate");
        var key = Pem(user, "client-key");
        return (certificate, key) switch
        {
            (null, null) => null,
            (null, { } k) => throw k.Field.Fault("is given without client-certificate"),
            ({ } c, null) => throw c.Field.Fault("is given without client-key"),
            ({ } c, { } k) => Guard(c.Field, () => X509Certificate2.CreateFromPem(c.Text, k.Text)),
        };
    }

    /// <summary>Where both are files; one of them as data fixes the other too.</summary>
    private static ClientCertificateFiles? ClientCertificateFiles(YamlField user)
    {
        var (certificate, key) = (user["client-certificate"], user["client-key"]);
        return certificate.Text() is { } certificateFile && key.Text() is { } keyFile
            && !user["client-certificate-data"].IsPresent && !user["client-key-data"].IsPresent
            ? new ClientCertificateFiles(Beside(certificate, certificateFile), Beside(key, keyFile))
            : null;
    }

    private static ITokenProvider? Credentials(YamlField user, YamlField cluster, TimeProvider time)
    {
        Refuse(user["auth-provider"], "auth providers are gone from Kubernetes; use exec");
        Refuse(user["as"], "impersonation is not supported");
        Refuse(user["as-groups"], "impersonation is not supported");
        if (user["tokenFile"].Text() is { } file)
        {
            return new FileTokenProvider(Beside(user, file), time);
        }

        if (user["token"].Text() is { } token)
        {
            return StaticTokenProvider.Bearer(token);
        }

        if (user["username"].Text() is { } name)
        {
            return StaticTokenProvider.Basic(name, user["password"].Text() ?? "");
        }

        return user["exec"].IsPresent ? new ExecCredentialProvider(Exec(user["exec"], cluster), time) : null;
    }

    private static ExecConfig Exec(YamlField exec, YamlField cluster)
    {
        var version = exec["apiVersion"].Required();
        if (version is not ("client.authentication.k8s.io/v1" or "client.authentication.k8s.io/v1beta1"))
        {
            throw exec["apiVersion"].Fault($"'{version}' is neither v1 nor v1beta1 of client.authentication.k8s.io");
        }

        if (exec["interactiveMode"].Text() == "Always")
        {
            throw exec["interactiveMode"].Fault("'Always' cannot be met: nobody is there to be asked");
        }

        // A command with a slash is relative to the kubeconfig; one without is looked up in PATH (client-go).
        var command = exec["command"].Required();
        return new ExecConfig(
            version,
            command.Contains('/') ? Beside(exec, command) : command,
            [.. exec["args"].Items().Select(item => item.Text() ?? "")],
            [.. exec["env"].Items().Select(e => KeyValuePair.Create(e["name"].Required(), e["value"].Text() ?? ""))],
            exec["installHint"].Text())
        {
            Cluster = exec["provideClusterInfo"].Flag() ? Describe(cluster) : null,
        };
    }

    /// <summary>client.authentication.k8s.io's Cluster: what a plugin may have to know to choose a credential.</summary>
    private static string Describe(YamlField cluster) => KubernetesJson.Serialize(new Dictionary<string, object?>
    {
        ["server"] = cluster["server"].Text(),
        ["tls-server-name"] = cluster["tls-server-name"].Text(),
        ["insecure-skip-tls-verify"] = cluster["insecure-skip-tls-verify"].Flag() ? true : null,
        ["certificate-authority-data"] = Pem(cluster, "certificate-authority") is { } roots
            ? Convert.ToBase64String(Encoding.UTF8.GetBytes(roots.Text))
            : null,
    }.Where(field => field.Value is not null).ToDictionary());

    /// <summary><c>name-data</c> in base64, or the file that <c>name</c> gives; the former wins, as in client-go.</summary>
    private static (YamlField Field, string Text)? Pem(YamlField parent, string name)
    {
        var data = parent[$"{name}-data"];
        if (data.Data() is { } bytes)
        {
            return (data, Encoding.UTF8.GetString(bytes));
        }

        var field = parent[name];
        if (field.Text() is not { } file)
        {
            return null;
        }

        try
        {
            return (field, File.ReadAllText(Beside(field, file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw field.Fault($"cannot be read: {e.Message}", e);
        }
    }

    private static T Guard<T>(YamlField field, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw field.Fault($"is not usable PEM: {e.Message}", e);
        }
    }

    private static void Refuse(YamlField field, string why)
    {
        if (field.IsPresent)
        {
            throw field.Fault(why);
        }
    }

    private static string Beside(YamlField field, string path) =>
        Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(field.File))!);
}
