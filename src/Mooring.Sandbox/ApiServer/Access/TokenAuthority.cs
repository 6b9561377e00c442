using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.KubeApi.Access;

/// <summary>
/// Knows the administrator's token and issues and checks service account tokens, which are JSON web tokens signed with
/// HMAC-SHA256 (upstream signs with RSA or ECDSA; nobody but this server verifies them here).
/// </summary>
/// <param name="adminToken">The administrator's.</param>
/// <param name="key">Signs the others.</param>
/// <param name="time">Clock for their expiry.</param>
/// <param name="subjects">What the others stand and fall with.</param>
internal sealed class TokenAuthority(string adminToken, byte[] key, TimeProvider time, TokenSubjects subjects)
{
    public const string Issuer = "https://kubernetes.default.svc.cluster.local";

    /// <summary>The audience of a token that asked for none: the API server itself.</summary>
    public const string DefaultAudience = Issuer;

    private const string ExtraPrefix = "authentication.kubernetes.io/";

    private static readonly byte[] Header = Encoding.UTF8.GetBytes("""{"alg":"HS256","typ":"JWT"}""");

    public string AdminToken => adminToken;

    /// <summary>Who an <c>Authorization</c> header speaks for: null when its token is unknown or expired.</summary>
    public UserInfo? Authenticate(string? header)
    {
        const string Scheme = "Bearer ";
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return Check(header[Scheme.Length..].Trim(), [DefaultAudience], out _);
    }

    /// <summary>Verifies a token for any of the audiences; those it is good for come back.</summary>
    public UserInfo? Check(string token, IReadOnlyList<string> audiences, out IReadOnlyList<string> matched)
    {
        matched = audiences;
        if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(adminToken)))
        {
            return UserInfo.Admin;
        }

        var parts = token.Split('.');
        if (parts.Length != 3 || !IsSigned(parts) || ReadClaims(parts[1]) is not { } claims)
        {
            return null;
        }

        matched = [.. audiences.Intersect((claims.Arr("aud") ?? []).Select(a => a.AsString()).OfType<string>(), StringComparer.Ordinal)];
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (matched.Count == 0 || claims.Int("exp") <= now || claims.Int("nbf") > now)
        {
            return null;
        }

        // A token dies with its account, also when another one has taken the name.
        var account = claims.Obj("kubernetes.io");
        var ns = account.Str("namespace") ?? "";
        if (subjects.AccountUid(ns, account.Obj("serviceaccount").Str("name") ?? "") != account.Obj("serviceaccount").Str("uid"))
        {
            return null;
        }

        // So does one that is bound to a pod with the pod.
        var pod = Binding(account);
        if (pod is not null && !subjects.IsLive(ns, pod))
        {
            return null;
        }

        return new UserInfo(
            claims.Str("sub") ?? "", account.Obj("serviceaccount").Str("uid") ?? "",
            ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"])
        {
            Extra = [.. Extra(claims.Str("jti"), pod)],
        };
    }

    /// <summary>Issues a token for a service account, bound to a pod of it or to none.</summary>
    public string Issue(string ns, string name, string uid, TokenBinding? pod, IReadOnlyList<string> audiences, DateTimeOffset expires)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var account = new JsonObject
        {
            ["namespace"] = ns,
            ["serviceaccount"] = new JsonObject { ["name"] = name, ["uid"] = uid },
        };
        if (pod is not null)
        {
            account["pod"] = new JsonObject { ["name"] = pod.Name, ["uid"] = pod.Uid };
            if (pod.Node is not null)
            {
                account["node"] = new JsonObject { ["name"] = pod.Node, ["uid"] = pod.NodeUid };
            }
        }
        var claims = new JsonObject
        {
            ["aud"] = new JsonArray([.. audiences.Select(a => (JsonNode?)a)]),
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["iat"] = now,
            ["nbf"] = now,
            ["iss"] = Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = account,
            ["sub"] = $"system:serviceaccount:{ns}:{name}",
        };
        var body = $"{Base64Url.EncodeToString(Header)}.{Base64Url.EncodeToString(JsonBody.ToBytes(claims))}";
        return $"{body}.{Base64Url.EncodeToString(Sign(body))}";
    }

    private static TokenBinding? Binding(JsonObject? account) => account.Obj("pod") is { } pod
        ? new TokenBinding(
            pod.Str("name") ?? "", pod.Str("uid") ?? "", account.Obj("node").Str("name"), account.Obj("node").Str("uid"))
        : null;

    private static IEnumerable<KeyValuePair<string, string>> Extra(string? id, TokenBinding? pod)
    {
        (string Name, string? Value)[] all =
        [
            ("credential-id", $"JTI={id}"),
            ("node-name", pod?.Node), ("node-uid", pod?.NodeUid), ("pod-name", pod?.Name), ("pod-uid", pod?.Uid),
        ];
        return all.Where(e => e.Value is not null).Select(e => KeyValuePair.Create(ExtraPrefix + e.Name, e.Value!));
    }

    private byte[] Sign(string body) => HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(body));

    private bool IsSigned(string[] parts)
    {
        try
        {
            return CryptographicOperations.FixedTimeEquals(Base64Url.DecodeFromChars(parts[2]), Sign($"{parts[0]}.{parts[1]}"));
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static JsonObject? ReadClaims(string part)
    {
        try
        {
            return JsonBody.Parse(Base64Url.DecodeFromChars(part)) as JsonObject;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }
}
