using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Kubernetes.Client;

namespace Mooring.Controller.Reconciling;

/// <summary>
/// Reads the Secrets that health checks name, and those alone: a watch would need the right to read every Secret of the
/// cluster and keep them in memory. They are read again now and then.
/// </summary>
internal sealed partial class CertificateAuthorityStore(
    IKubernetesClient client, TimeProvider time, ILogger<CertificateAuthorityStore> logger)
{
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(30);
    private const int MaxLength = 256 * 1024;

    private ImmutableDictionary<SecretEntry, CertificateAuthorities.Content> _contents =
        ImmutableDictionary<SecretEntry, CertificateAuthorities.Content>.Empty;

    public CertificateAuthorities Current => new(_contents);

    /// <summary>Reads what is named and has not been read before; forgets what is named no more.</summary>
    public async Task EnsureAsync(IEnumerable<V1Alpha1BackendPool> pools, CancellationToken cancellationToken)
    {
        var named = pools
            .Select(pool => HealthCheckReader.Authority(pool.Metadata.NamespaceProperty ?? "", pool.Spec?.HealthCheck))
            .OfType<SecretEntry>()
            .ToHashSet();
        if (named.Count == 0 && _contents.IsEmpty)
        {
            return;
        }

        _contents = _contents.RemoveRange(_contents.Keys.Where(entry => !named.Contains(entry)));
        foreach (var entry in named.Where(entry => !_contents.ContainsKey(entry)))
        {
            _contents = _contents.SetItem(entry, await ReadAsync(entry, cancellationToken));
        }
    }

    /// <summary>Reads everything again from time to time, and raises <paramref name="changed"/> when something differs.</summary>
    public async Task RunAsync(ChangeSignal changed, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(RefreshInterval, time, cancellationToken);
                foreach (var (entry, before) in _contents)
                {
                    var now = await ReadAsync(entry, cancellationToken);

                    // Endpoints stay checked by the authorities known last when a Secret goes away or is damaged.
                    if (now != before && (now.Pem is not null || before.Pem is null))
                    {
                        ImmutableInterlocked.TryUpdate(ref _contents, entry, now, before);
                        changed.Raise();
                    }
                    else if (now.Pem is null && before.Pem is not null)
                    {
                        Log.Kept(logger, entry, now.Problem);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // No longer the leader.
        }
    }

    private async Task<CertificateAuthorities.Content> ReadAsync(SecretEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetAsync<V1Secret>(entry.Name, entry.Namespace, cancellationToken) is { } secret
                ? Read(entry, secret)
                : new(null, "is not there; create it in the namespace of the pool, or remove caSecretRef");
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            return new(null, "may not be read by the controller; install the chart with controller.readCaSecrets=true");
        }
        catch (Exception e) when (e is KubernetesException or HttpRequestException)
        {
            Log.NotRead(logger, entry, e);
            return new(null, "could not be read; it is tried again");
        }
    }

    private static CertificateAuthorities.Content Read(SecretEntry entry, V1Secret secret)
    {
        if (secret.Data is null || !secret.Data.TryGetValue(entry.Key, out var data))
        {
            return new(null, $"has no entry '{entry.Key}'; put the certificates there in PEM, or name another key");
        }

        var text = data.Length <= MaxLength ? Encoding.UTF8.GetString(data) : "";
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
            if (certificates.Count == 0)
            {
                return new(null, $"has no certificate in entry '{entry.Key}'; put the authority's certificate there in PEM");
            }

            // Certificates alone go on to the agents, whatever else is in the file.
            return new(string.Concat(certificates.Select(certificate => certificate.ExportCertificatePem() + "\n")), null);
        }
        catch (CryptographicException)
        {
            return new(null, $"has a damaged certificate in entry '{entry.Key}'; put the authority's certificate there in PEM");
        }
        finally
        {
            foreach (var certificate in certificates)
            {
                certificate.Dispose();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Secret {Secret} could not be read")]
        public static partial void NotRead(ILogger logger, SecretEntry secret, Exception exception);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Secret {Secret} {Problem}; the authorities known last stay in force")]
        public static partial void Kept(ILogger logger, SecretEntry secret, string? problem);
    }
}
