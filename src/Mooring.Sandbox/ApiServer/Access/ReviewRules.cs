using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Access;

/// <summary>What a review has to say before it is answered.</summary>
internal static class ReviewRules
{
    public static void Check(ResourceType type, JsonObject review, string ns)
    {
        var spec = review.Obj("spec");
        switch (type.Kind)
        {
            case "TokenReview" when string.IsNullOrEmpty(spec.Str("token")):
                throw ApiError.BadRequest("token is required for TokenReview in authentication");
            case "SelfSubjectRulesReview" when string.IsNullOrEmpty(spec.Str("namespace")):
                throw ApiError.BadRequest("no namespace on request");
            case "SelfSubjectAccessReview" or "SubjectAccessReview" or "LocalSubjectAccessReview":
                CheckAccess(type, spec, ns);
                break;
        }
    }

    private static void CheckAccess(ResourceType type, JsonObject? spec, string ns)
    {
        var errors = new List<FieldError>();
        var (resource, other) = (spec.Obj("resourceAttributes"), spec.Obj("nonResourceAttributes"));
        if (type.Namespaced && other is not null)
        {
            errors.Add(FieldError.Invalid("spec.nonResourceAttributes", null, "disallowed on this kind of request"));
        }
        else if (resource is not null && other is not null)
        {
            errors.Add(FieldError.Invalid("spec.nonResourceAttributes", null, "cannot be specified in combination with resourceAttributes"));
        }
        else if (resource is null && other is null)
        {
            errors.Add(FieldError.Invalid("spec.resourceAttributes", null, "exactly one of nonResourceAttributes or resourceAttributes must be specified"));
        }

        if (type.Namespaced && resource is not null && (resource.Str("namespace") ?? "") != ns)
        {
            errors.Add(FieldError.Invalid("spec.resourceAttributes.namespace", resource["namespace"], "must match metadata.namespace"));
        }

        if (type.Kind != "SelfSubjectAccessReview" && string.IsNullOrEmpty(spec.Str("user")) && spec.Arr("groups") is null or { Count: 0 })
        {
            errors.Add(FieldError.Invalid("spec.user", JsonValue.Create(""), "at least one of user or group must be specified"));
        }

        if (errors.Count > 0)
        {
            throw ApiError.Invalid(type.Group, type.Kind, "", errors);
        }
    }
}
