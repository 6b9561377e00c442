using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Cel;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>Checks a candidate object against everything that holds for its kind.</summary>
internal sealed class ObjectValidation(KindRulesBook rules)
{
    private const string CrdResource = "customresourcedefinitions.apiextensions.k8s.io";

    /// <summary>Throws 422 with every field at fault.</summary>
    /// <param name="next">The candidate.</param>
    /// <param name="current">What is stored, or null for a create.</param>
    /// <param name="type">Its kind.</param>
    /// <param name="options">Gets the warnings.</param>
    public void Check(JsonObject next, JsonObject? current, ResourceType type, WriteOptions options)
    {
        var errors = new List<FieldError>();
        var metadata = next.Ensure("metadata");
        ObjectNames.Validate(metadata, type, errors);
        ObjectDecoder.Validate(next, current, type, errors);
        if (current is not null)
        {
            ObjectMetadata.ValidateUpdate(next, current, errors);
        }

        rules.For(type)?.Validate(next, current, errors);
        if (type.Custom is not null && errors.Count == 0)
        {
            // As upstream, rules are run only on what has the right shape.
            CelValidation.Validate(next, current, type.Schema, errors);
        }

        if (errors.Count > 0)
        {
            throw ApiError.Invalid(type.Group, type.Kind, metadata.Str("name") ?? "", errors);
        }

        if (type.GroupResource == CrdResource)
        {
            options.Warnings.AddRange(CrdTypes.Read(next, []).SelectMany(t => CrdTypes.CelRules(t.Schema))
                .Where(r => r.Rule.NotEvaluated is not null).Select(r => Unevaluated(r.Path, r.Rule)));
        }

        foreach (var (path, rule) in type.Custom is null ? [] : CrdTypes.CelRules(type.Schema).Where(r => r.Rule.NotEvaluated is not null))
        {
            options.Warnings.Add(Unevaluated(path, rule));
        }
    }

    private static string Unevaluated(string path, CelRule rule) =>
        $"{CrdTypes.CelExtension} rule at {path} is not evaluated by this server, which does not know {rule.NotEvaluated}: {rule.Rule}";
}
