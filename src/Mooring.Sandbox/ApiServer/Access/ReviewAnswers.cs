using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Access;

/// <summary>Answers to reviews. Whoever is authenticated may do everything: the sandbox has one user and no RBAC.</summary>
internal sealed class ReviewAnswers(TokenAuthority tokens, TokenSubjects subjects, TimeProvider time)
{
    private const long MinTokenSeconds = 600;
    private const long DefaultTokenSeconds = 3600;

    public JsonObject Answer(ResourceType type, JsonObject review, string ns, UserInfo user)
    {
        ObjectDecoder.CheckKind(review, type);
        ReviewRules.Check(type, review, ns);
        review["status"] = type.Kind switch
        {
            "TokenReview" => Token(review.Obj("spec")),
            "SelfSubjectReview" => new JsonObject { ["userInfo"] = user.ToJson() },
            "SelfSubjectRulesReview" => new JsonObject
            {
                ["incomplete"] = false,
                ["resourceRules"] = new JsonArray(new JsonObject { ["verbs"] = Everything(), ["apiGroups"] = Everything(), ["resources"] = Everything() }),
                ["nonResourceRules"] = new JsonArray(new JsonObject { ["verbs"] = Everything(), ["nonResourceURLs"] = Everything() }),
            },
            _ => new JsonObject { ["allowed"] = true, ["reason"] = "the sandbox allows every authenticated user everything" },
        };
        return review;
    }

    /// <summary>A token for a service account, as asked for in a TokenRequest.</summary>
    public JsonObject Issue(StoredObject account, JsonObject request)
    {
        var spec = request.Obj("spec");
        var seconds = spec.Int("expirationSeconds") ?? DefaultTokenSeconds;
        if (seconds < MinTokenSeconds)
        {
            throw ApiError.Invalid("authentication.k8s.io", "TokenRequest", "", [FieldError.Invalid("spec.expirationSeconds", JsonValue.Create(seconds), "may not specify a duration less than 10 minutes")]);
        }

        var pod = Bound(account, spec.Obj("boundObjectRef"));
        var audiences = (spec.Arr("audiences") ?? []).Select(a => a.AsString()).OfType<string>().ToList();
        if (audiences.Count == 0)
        {
            audiences.Add(TokenAuthority.DefaultAudience);
        }

        var expires = time.GetUtcNow().AddSeconds(seconds);
        var answered = new JsonObject { ["audiences"] = new JsonArray([.. audiences.Select(a => (JsonNode?)a)]), ["expirationSeconds"] = seconds };
        if (pod is not null)
        {
            answered["boundObjectRef"] = new JsonObject { ["kind"] = "Pod", ["apiVersion"] = "v1", ["name"] = pod.Name, ["uid"] = pod.Uid };
        }

        return new JsonObject
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["metadata"] = new JsonObject { ["name"] = account.Key.Name, ["namespace"] = account.Key.Namespace },
            ["spec"] = answered,
            ["status"] = new JsonObject
            {
                ["token"] = tokens.Issue(account.Key.Namespace, account.Key.Name, account.Uid, pod, audiences, expires),
                ["expirationTimestamp"] = KubeTime.Format(expires),
            },
        };
    }

    /// <summary>The pod that a token is asked to be bound to, which has to be one of the account's.</summary>
    private TokenBinding? Bound(StoredObject account, JsonObject? reference)
    {
        if (reference is null)
        {
            return null;
        }

        var (version, kind, name) = (reference.Str("apiVersion") ?? "", reference.Str("kind") ?? "", reference.Str("name") ?? "");
        switch (version, kind)
        {
            case ("v1", "Pod"):
                break;
            case ("v1", "Secret" or "Node"):
                throw ApiError.NotImplemented($"tokens bound to a {kind} (TokenRequest spec.boundObjectRef)");
            default:
                throw ApiError.BadRequest($"cannot bind token for serviceaccount to object of type {version}, Kind={kind}");
        }

        var (ns, owner) = (account.Key.Namespace, account.Key.Name);
        var stored = subjects.Pod(ns, name) ?? throw ApiError.NotFound("", "pods", name);
        var pod = stored.Read().Obj("spec");
        if ((pod.Str("serviceAccountName") ?? "default") != owner)
        {
            throw ApiError.Forbidden(
                "", "serviceaccounts", owner, $"cannot bind token for serviceaccount \"{owner}\" to pod running with different serviceaccount name.");
        }

        if (reference.Str("uid") is { Length: > 0 } uid && uid != stored.Uid)
        {
            throw ApiError.Conflict(
                "", "pods", name,
                $"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated");
        }

        var node = pod.Str("nodeName") is { Length: > 0 } set ? set : null;
        return new TokenBinding(name, stored.Uid, node, node is null ? null : subjects.NodeUid(node));
    }

    private JsonObject Token(JsonObject? spec)
    {
        var audiences = (spec.Arr("audiences") ?? []).Select(a => a.AsString()).OfType<string>().ToList();
        if (audiences.Count == 0)
        {
            audiences.Add(TokenAuthority.DefaultAudience);
        }

        return tokens.Check(spec.Str("token") ?? "", audiences, out var matched) is { } user
            ? new JsonObject { ["authenticated"] = true, ["user"] = user.ToJson(), ["audiences"] = new JsonArray([.. matched.Select(a => (JsonNode?)a)]) }
            : new JsonObject { ["authenticated"] = false, ["error"] = "the token is unknown, expired, or for another audience" };
    }

    private static JsonArray Everything() => new("*");
}
