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
/// <param name="accountUid">The uid of a service account by namespace and name; null when there is none.</param>
internal sealed class TokenAuthority(string adminToken, byte[] key, TimeProvider time, Func<string, string, string?> accountUid)
{
    public const string Issuer = "https://kubernetes.default.svc.cluster.local";

    /// <summary>The audience of a token that asked for none: the API server itself.</summary>
    public const string DefaultAudience = Issuer;

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
        if (matched.Count == 0 || claims.Int("exp") <= time.GetUtcNow().ToUnixTimeSeconds())
        {
            return null;
        }

        // A token dies with its account, also when another one has taken the name.
        var account = claims.Obj("kubernetes.io");
        var ns = account.Str("namespace") ?? "";
        if (accountUid(ns, account.Obj("serviceaccount").Str("name") ?? "") != account.Obj("serviceaccount").Str("uid"))
        {
            return null;
        }

        return new UserInfo(
            claims.Str("sub") ?? "", account.Obj("serviceaccount").Str("uid") ?? "",
            ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"]);
    }

    /// <summary>Issues a token for a service account.</summary>
    public string Issue(string ns, string name, string uid, IReadOnlyList<string> audiences, DateTimeOffset expires)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["aud"] = new JsonArray([.. audiences.Select(a => (JsonNode?)a)]),
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["iat"] = now,
            ["nbf"] = now,
            ["iss"] = Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = new JsonObject
            {
                ["namespace"] = ns,
                ["serviceaccount"] = new JsonObject { ["name"] = name, ["uid"] = uid },
            },
            ["sub"] = $"system:serviceaccount:{ns}:{name}",
        };
        var body = $"{Base64Url.EncodeToString(Header)}.{Base64Url.EncodeToString(JsonBody.ToBytes(claims))}";
        return $"{body}.{Base64Url.EncodeToString(Sign(body))}";
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
