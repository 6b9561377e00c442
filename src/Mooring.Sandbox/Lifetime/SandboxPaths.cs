using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Lifetime;

/// <summary>The files of a running sandbox, in <c>/run/mooring-sandbox</c> or <c>$XDG_RUNTIME_DIR/mooring-sandbox</c>.</summary>
internal sealed class SandboxPaths
{
    public SandboxPaths(SandboxName name, string? root = null)
    {
        Root = root ?? DefaultRoot();
        Directory = Path.Combine(Root, name.Value);
        LockFile = Path.Combine(Root, $"{name.Value}.lock");
        DaemonLog = Path.Combine(Root, $"{name.Value}.log");
    }

    public string Root { get; }

    /// <summary>Everything that goes when the sandbox goes.</summary>
    public string Directory { get; }

    /// <summary>Locked as long as the sandbox lives; the file itself stays.</summary>
    public string LockFile { get; }

    /// <summary>What the daemon of the last start said; it stays for whoever looks into why it ended.</summary>
    public string DaemonLog { get; }

    public string Socket => Path.Combine(Directory, "daemon.sock");

    public string ProcessIdFile => Path.Combine(Directory, "daemon.pid");

    public string Kubeconfig => Path.Combine(Directory, "kubeconfig");

    /// <summary>The kubeconfig for a process in the control host's network namespace.</summary>
    public string ControlKubeconfig => Path.Combine(Directory, "control.kubeconfig");

    public string Logs => Path.Combine(Directory, "logs");

    public string LogOf(string component) => Path.Combine(Logs, $"{component}.log");

    public string StateOf(string component) => Path.Combine(Directory, "state", component);

    /// <summary>The projected volume of a node's agent.</summary>
    public string VolumeOf(string component) => Path.Combine(Directory, "volumes", component);

    private static string DefaultRoot()
    {
        var runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return Path.Combine(string.IsNullOrEmpty(runtime) ? "/run" : runtime, "mooring-sandbox");
    }
}
