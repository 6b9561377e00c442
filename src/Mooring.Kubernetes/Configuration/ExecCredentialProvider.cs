using System.ComponentModel;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace k8s.Authentication;

/// <summary>Runs a credential plugin and keeps what it printed until it expires or the server refuses it.</summary>
internal sealed class ExecCredentialProvider(ExecConfig config, TimeProvider time) : ITokenProvider, IDisposable
{
    /// <summary>A plugin that has not answered by then is stuck on a prompt nobody sees.</summary>
    internal static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Renewed this long before it expires, so that no request is under way with a dead token.</summary>
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _running = new(1, 1);
    private volatile Credential? _credential;

    /// <summary>The certificate that the plugin gave, for connections opened from now on.</summary>
    public X509Certificate2? ClientCertificate => _credential?.Certificate;

    public async ValueTask<AuthenticationHeaderValue?> GetAuthenticationHeaderAsync(
        CancellationToken cancellationToken)
    {
        if (Current() is { } current)
        {
            return current.Header;
        }

        await _running.WaitAsync(cancellationToken);
        try
        {
            var credential = Current() ?? Parse(await RunAsync(cancellationToken));
            _credential = credential;
            return credential.Header;
        }
        finally
        {
            _running.Release();
        }
    }

    public void Invalidate() => _credential = null;

    public void Dispose() => _running.Dispose();

    private Credential? Current() =>
        _credential is { } held && (held.Expires is not { } at || time.GetUtcNow().UtcDateTime < at - Leeway)
            ? held
            : null;

    private async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(config.Command)
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var argument in config.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in config.Environment)
        {
            start.Environment[name] = value;
        }

        var cluster = config.Cluster is null ? "" : $"\"cluster\":{config.Cluster},";
        start.Environment["KUBERNETES_EXEC_INFO"] =
            $$$"""{"apiVersion":"{{{config.ApiVersion}}}","kind":"ExecCredential","spec":{ {{{cluster}}}"interactive":false}}""";

        using var deadline = new CancellationTokenSource(Deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var process = Start(start);
        try
        {
            process.StandardInput.Close();
            var output = await process.StandardOutput.ReadToEndAsync(both.Token);
            await process.WaitForExitAsync(both.Token);
            return process.ExitCode == 0 ? output : throw Fault($"exited with status {process.ExitCode}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Fault($"gave no answer within {Deadline.TotalSeconds:0} s");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw Fault("could not be started");
        }
        catch (Win32Exception e)
        {
            var hint = config.InstallHint is null ? "" : $". {config.InstallHint}";
            throw Fault($"could not be started: {e.Message}{hint}", e);
        }
    }

    private Credential Parse(string output)
    {
        ExecCredentialStatus? status;
        try
        {
            status = KubernetesJson.Deserialize<ExecCredential>(output)?.Status;
        }
        catch (JsonException e)
        {
            throw Fault("printed something that is not an ExecCredential", e);
        }

        if (status is null || (status.Token is null && status.ClientCertificateData is null))
        {
            throw Fault("printed an ExecCredential with neither status.token nor status.clientCertificateData");
        }

        try
        {
            var certificate = status.ClientCertificateData is null
                ? null
                : X509Certificate2.CreateFromPem(status.ClientCertificateData, status.ClientKeyData);
            var header = status.Token is null ? null : new AuthenticationHeaderValue("Bearer", status.Token);
            return new Credential(header, certificate, status.ExpirationTimestamp);
        }
        catch (CryptographicException e)
        {
            throw Fault("printed a client certificate or key that is not PEM", e);
        }
    }

    private HttpRequestException Fault(string problem, Exception? inner = null) => new(
        HttpRequestError.UserAuthenticationError, $"the credential plugin {config.Command} {problem}", inner);

    private sealed record Credential(
        AuthenticationHeaderValue? Header, X509Certificate2? Certificate, DateTime? Expires);
}
