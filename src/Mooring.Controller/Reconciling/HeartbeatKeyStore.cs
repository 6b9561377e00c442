using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Core.Snapshots;
using Mooring.Kubernetes.Client;

namespace Mooring.Controller.Reconciling;

/// <summary>
/// Keeps the key that authenticates heartbeats in a Secret, and makes one when there is none. While keys are rotated there
/// is a second one, which is accepted but signs nothing.
/// </summary>
internal sealed partial class HeartbeatKeyStore(
    IKubernetesClient client, IOptions<ControllerOptions> options, ILogger<HeartbeatKeyStore> logger)
{
    public const string SecretName = "mooring-heartbeat-key";

    /// <summary>Entry of the Secret: <c>id</c> of the key as a number from 1 to 255.</summary>
    public const string IdEntry = "id";
    public const string KeyEntry = "key";
    public const string OtherIdEntry = "other-id";
    public const string OtherKeyEntry = "other-key";

    /// <returns>The key that signs, then the other one that is accepted if there is one.</returns>
    public async Task<ImmutableArray<HeartbeatKey>> LoadOrCreateAsync(CancellationToken cancellationToken)
    {
        var @namespace = options.Value.Namespace;
        if (await client.GetAsync<V1Secret>(SecretName, @namespace, cancellationToken) is { } existing)
        {
            return Read(existing);
        }

        var secret = new V1Secret
        {
            Metadata = new V1ObjectMeta { Name = SecretName, NamespaceProperty = @namespace },
            Type = "Opaque",
            Data = new Dictionary<string, byte[]>(StringComparer.Ordinal)
            {
                [IdEntry] = "1"u8.ToArray(),
                [KeyEntry] = RandomNumberGenerator.GetBytes(HeartbeatKey.SecretLength),
            },
        };
        try
        {
            var created = Read(await client.CreateAsync(secret, cancellationToken));
            Log.Created(logger, @namespace, SecretName);
            return created;
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            // The other replica was faster.
            return Read(await client.GetAsync<V1Secret>(SecretName, @namespace, cancellationToken)
                ?? throw new InvalidOperationException($"Secret {@namespace}/{SecretName} came and went", e));
        }
    }

    private static ImmutableArray<HeartbeatKey> Read(V1Secret secret)
    {
        var signing = Read(secret, IdEntry, KeyEntry);
        if (secret.Data?.ContainsKey(OtherKeyEntry) != true)
        {
            return [signing];
        }

        var other = Read(secret, OtherIdEntry, OtherKeyEntry);
        return other.Id != signing.Id
            ? [signing, other]
            : throw Wrong(secret, $"data.{OtherIdEntry} must be another number than data.{IdEntry}");
    }

    private static HeartbeatKey Read(V1Secret secret, string idEntry, string keyEntry)
    {
        var data = secret.Data ?? new Dictionary<string, byte[]>(StringComparer.Ordinal);
        if (!data.TryGetValue(keyEntry, out var key) || key.Length != HeartbeatKey.SecretLength)
        {
            throw Wrong(secret, $"data.{keyEntry} must have {HeartbeatKey.SecretLength} bytes");
        }

        if (!data.TryGetValue(idEntry, out var id)
            || !byte.TryParse(System.Text.Encoding.ASCII.GetString(id), out var number) || number == 0)
        {
            throw Wrong(secret, $"data.{idEntry} must be a number from 1 to 255");
        }

        return new HeartbeatKey(number, [.. key]);
    }

    private static InvalidDataException Wrong(V1Secret secret, string what) =>
        new($"Secret {secret.Metadata.NamespaceProperty}/{SecretName}: {what}; delete the Secret to have a new one made");

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Made heartbeat key {Namespace}/{Secret}")]
        public static partial void Created(ILogger logger, string @namespace, string secret);
    }
}
