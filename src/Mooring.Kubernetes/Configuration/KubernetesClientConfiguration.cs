using System.Security.Cryptography.X509Certificates;
using k8s.Authentication;
using k8s.Exceptions;
using k8s.KubeConfigModels;

namespace k8s;

/// <summary>Where the API server is, how to know it, and how to be known by it.</summary>
public sealed class KubernetesClientConfiguration
{
    private const string ServiceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>URL of the API server; a path is kept, as servers behind a gateway need it.</summary>
    public required Uri Host { get; init; }

    /// <summary>Namespace of the context, or of the pod.</summary>
    public string Namespace { get; init; } = "default";

    public string? CurrentContext { get; init; }

    /// <summary>The only roots to trust; null trusts those of the system.</summary>
    public X509Certificate2Collection? SslCaCerts { get; init; }

    public bool SkipTlsVerify { get; init; }

    /// <summary>Name to expect in the server's certificate in place of the host's.</summary>
    public string? TlsServerName { get; init; }

    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Where <see cref="ClientCertificate"/> was read from, when it is to be read again.</summary>
    internal ClientCertificateFiles? ClientCertificateFiles { get; init; }

    public ITokenProvider? TokenProvider { get; init; }

    public static bool IsInCluster() =>
        Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is { Length: > 0 }
        && Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT") is { Length: > 0 }
        && File.Exists(Path.Combine(ServiceAccountDirectory, "token"));

    /// <summary>KUBECONFIG when set, else the pod's service account, else ~/.kube/config.</summary>
    /// <exception cref="KubeConfigException">None of them is there, or the one that is cannot be used.</exception>
    public static KubernetesClientConfiguration BuildDefaultConfig(TimeProvider? time = null)
    {
        if (Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 })
        {
            return BuildConfigFromConfigFile(time: time);
        }

        return IsInCluster() ? InClusterConfig(time) : BuildConfigFromConfigFile(DefaultPath(), time: time);
    }

    /// <param name="kubeconfigPath">Null takes the files of KUBECONFIG, merged, or ~/.kube/config.</param>
    /// <param name="currentContext">Null takes the file's current-context.</param>
    /// <param name="time">Clock for tokens that age; null for the system's.</param>
    /// <exception cref="KubeConfigException">The file is missing, malformed or asks for what is not supported.</exception>
    public static KubernetesClientConfiguration BuildConfigFromConfigFile(
        string? kubeconfigPath = null, string? currentContext = null, TimeProvider? time = null)
    {
        var config = KubeConfig.Load(kubeconfigPath is null ? DefaultPaths() : [kubeconfigPath]);
        var name = currentContext ?? config.CurrentContext
            ?? throw new KubeConfigException(config.FirstFile, "current-context", "is missing");
        return KubeConfigResolver.Resolve(config, name, time ?? TimeProvider.System);
    }

    /// <summary>The service account that the kubelet mounts into every pod.</summary>
    /// <exception cref="KubeConfigException">Not in a pod, or in one without a service account.</exception>
    public static KubernetesClientConfiguration InClusterConfig(TimeProvider? time = null) => InClusterConfig(
        Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"),
        Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"),
        ServiceAccountDirectory,
        time ?? TimeProvider.System);

    internal static KubernetesClientConfiguration InClusterConfig(
        string? host, string? port, string directory, TimeProvider time)
    {
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            throw new KubeConfigException(
                directory, null, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: not in a pod");
        }

        var token = Path.Combine(directory, "token");
        if (!File.Exists(token))
        {
            throw new KubeConfigException(token, null, "does not exist: the pod has no service account token mounted");
        }

        var namespaceFile = Path.Combine(directory, "namespace");
        var bracketed = host.Contains(':') && host[0] != '[' ? $"[{host}]" : host;
        return new KubernetesClientConfiguration
        {
            Host = new Uri($"https://{bracketed}:{port}"),
            Namespace = File.Exists(namespaceFile) ? File.ReadAllText(namespaceFile).Trim() : "default",
            SslCaCerts = PemFiles.Certificates(Path.Combine(directory, "ca.crt")),
            TokenProvider = new FileTokenProvider(token, time),
        };
    }

    private static string DefaultPath() => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");

    private static List<string> DefaultPaths()
    {
        var listed = (Environment.GetEnvironmentVariable("KUBECONFIG") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        // Like kubectl: files of the list may be missing as long as one of them exists.
        var existing = listed.Where(File.Exists).ToList();
        return existing.Count > 0 ? existing : listed.Length > 0 ? [listed[0]] : [DefaultPath()];
    }
}
