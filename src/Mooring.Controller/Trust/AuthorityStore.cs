using System.Net;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Kubernetes.Client;

namespace Mooring.Controller.Trust;

/// <summary>
/// Keeps the authorities in a Secret, and what agents are to trust in a ConfigMap that their pods mount. The leader
/// writes; every replica reads, and issues itself a certificate.
/// </summary>
internal sealed partial class AuthorityStore(
    IKubernetesClient client, IOptions<ControllerOptions> options, TimeProvider time, ILogger<AuthorityStore> logger)
{
    public const string SecretName = "mooring-ca";
    public const string ConfigMapName = "mooring-ca";
    public const string BundleEntry = "ca.crt";

    /// <summary>On a Secret, with any value: replace what it holds, step by step. Removed when that has begun.</summary>
    public const string RotateAnnotation = "mooring.dev/rotate";

    private readonly AuthorityRotation _rotation = new(options.Value.AuthorityLifetime, options.Value.AuthorityOverlap);

    private string Namespace => options.Value.Namespace;

    /// <returns>Null when no leader has made them yet.</returns>
    /// <exception cref="InvalidDataException">The Secret cannot be used; the message says why and what to do.</exception>
    public async Task<AuthoritySet?> ReadAsync(CancellationToken cancellationToken) =>
        Read(await client.GetAsync<V1Secret>(SecretName, Namespace, cancellationToken));

    /// <summary>What the leader does: makes the authorities, replaces them in time, and tells agents.</summary>
    /// <exception cref="InvalidDataException">The Secret cannot be used; it is left as it is.</exception>
    public async Task<AuthoritySet> MaintainAsync(CancellationToken cancellationToken)
    {
        var secret = await client.GetAsync<V1Secret>(SecretName, Namespace, cancellationToken);
        var set = Read(secret);
        var requested = secret?.Metadata.Annotations?.ContainsKey(RotateAnnotation) == true;
        var now = time.GetUtcNow();
        var next = set is null
            ? new AuthoritySet { Signing = Authority.Create(now, options.Value.AuthorityLifetime), Since = now }
            : _rotation.Advance(set, now, requested);
        if (next != set)
        {
            secret = await WriteAsync(secret, set, next, cancellationToken);
        }

        await PublishAsync(secret!, next, cancellationToken);
        return next;
    }

    private async Task<V1Secret> WriteAsync(
        V1Secret? secret, AuthoritySet? before, AuthoritySet next, CancellationToken cancellationToken)
    {
        var data = AuthoritySecret.Write(next);
        if (secret is null)
        {
            secret = await client.CreateAsync(
                new V1Secret
                {
                    Metadata = new V1ObjectMeta { Name = SecretName, NamespaceProperty = Namespace },
                    Type = "Opaque",
                    Data = data,
                },
                cancellationToken);
        }
        else
        {
            // With the version that was read: of two that believe to lead, one is refused.
            secret.Data = data;
            if (next.Next is not null)
            {
                secret.Metadata.Annotations?.Remove(RotateAnnotation);
            }

            secret = await client.UpdateAsync(secret, cancellationToken);
        }

        var step = before is null ? "made" : next.Next is not null ? "announced" : next.Previous is not null ? "in use" : "alone";
        Log.Changed(logger, step, next.Signing.NotAfter);
        return secret;
    }

    private async Task PublishAsync(V1Secret secret, AuthoritySet set, CancellationToken cancellationToken)
    {
        var existing = await client.GetAsync<V1ConfigMap>(ConfigMapName, Namespace, cancellationToken);
        if (existing?.Data?.TryGetValue(BundleEntry, out var bundle) == true && bundle == set.Bundle)
        {
            return;
        }

        if (existing is null)
        {
            await client.CreateAsync(
                new V1ConfigMap
                {
                    // Goes with the Secret, which the chart owns.
                    Metadata = new V1ObjectMeta
                    {
                        Name = ConfigMapName,
                        NamespaceProperty = Namespace,
                        OwnerReferences =
                        [
                            new V1OwnerReference
                            {
                                ApiVersion = "v1", Kind = "Secret", Name = SecretName, Uid = secret.Metadata.Uid ?? "",
                            },
                        ],
                    },
                    Data = new Dictionary<string, string>(StringComparer.Ordinal) { [BundleEntry] = set.Bundle },
                },
                cancellationToken);
            return;
        }

        existing.Data = new Dictionary<string, string>(StringComparer.Ordinal) { [BundleEntry] = set.Bundle };
        await client.UpdateAsync(existing, cancellationToken);
    }

    private AuthoritySet? Read(V1Secret? secret)
    {
        try
        {
            return AuthoritySecret.Read(secret?.Data);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(
                $"Secret {Namespace}/{SecretName}: {e.Message}; delete the Secret to have a new authority made", e);
        }
    }

    /// <summary>Another was faster, or the server is not to be had: it is tried again.</summary>
    public static bool IsPassing(Exception exception) =>
        exception is HttpRequestException or KubernetesException { StatusCode: not HttpStatusCode.Forbidden };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Certificate authority {Step}; the one that signs is good until {NotAfter:O}")]
        public static partial void Changed(ILogger logger, string step, DateTimeOffset notAfter);
    }
}
