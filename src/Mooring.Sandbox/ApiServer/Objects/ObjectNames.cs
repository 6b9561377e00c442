using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>Rules for names, labels and annotations.</summary>
internal static partial class ObjectNames
{
    /// <summary>No vowels and no digits that look like letters, so that no words come out.</summary>
    private const string SuffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    private const int SuffixLength = 5;
    private const int MaxGeneratedBase = 58;
    private const int MaxAnnotationBytes = 256 * 1024;

    private const string SubdomainRule =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string LabelRule =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    public static string Generate(string prefix)
    {
        var stem = prefix.Length > MaxGeneratedBase ? prefix[..MaxGeneratedBase] : prefix;
        return stem + RandomNumberGenerator.GetString(SuffixAlphabet, SuffixLength);
    }

    public static void Validate(JsonObject metadata, ResourceType type, List<FieldError> errors)
    {
        var name = metadata.Str("name") ?? "";
        if (name.Length == 0)
        {
            errors.Add(FieldError.Required("metadata.name", "name or generateName is required"));
        }
        else if (type.Group == "rbac.authorization.k8s.io")
        {
            if (name is "." or ".." || name.Contains('/') || name.Contains('%'))
            {
                errors.Add(FieldError.Invalid("metadata.name", JsonValue.Create(name), "may not contain '/' or '%' and may not be '.' or '..'"));
            }
        }
        else if (type.GroupResource is "namespaces" or "services")
        {
            if (name.Length > 63 || !Label().IsMatch(name))
            {
                errors.Add(FieldError.Invalid("metadata.name", JsonValue.Create(name), name.Length > 63 ? "must be no more than 63 characters" : LabelRule));
            }
        }
        else if (name.Length > 253 || !Subdomain().IsMatch(name))
        {
            errors.Add(FieldError.Invalid("metadata.name", JsonValue.Create(name), name.Length > 253 ? "must be no more than 253 characters" : SubdomainRule));
        }

        ValidateLabels(metadata, errors);
        ValidateOwners(metadata, errors);
    }

    private static void ValidateLabels(JsonObject metadata, List<FieldError> errors)
    {
        foreach (var (key, node) in metadata.Obj("labels") ?? [])
        {
            var value = node.AsString() ?? "";
            if (!QualifiedName().IsMatch(key))
            {
                errors.Add(FieldError.Invalid("metadata.labels", JsonValue.Create(key), "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"));
            }

            if (value.Length > 63)
            {
                errors.Add(FieldError.Invalid("metadata.labels", JsonValue.Create(value), "must be no more than 63 bytes"));
            }
            else if (!LabelValue().IsMatch(value))
            {
                errors.Add(FieldError.Invalid("metadata.labels", JsonValue.Create(value), "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"));
            }
        }

        var annotations = metadata.Obj("annotations") ?? [];
        if (annotations.Sum(a => a.Key.Length + (a.Value.AsString()?.Length ?? 0)) > MaxAnnotationBytes)
        {
            errors.Add(FieldError.TooLong("metadata.annotations", MaxAnnotationBytes));
        }

        foreach (var (key, _) in annotations)
        {
            if (!QualifiedName().IsMatch(key.ToLowerInvariant()))
            {
                errors.Add(FieldError.Invalid("metadata.annotations", JsonValue.Create(key), "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"));
            }
        }
    }

    private static void ValidateOwners(JsonObject metadata, List<FieldError> errors)
    {
        var owners = metadata.Arr("ownerReferences") ?? [];
        foreach (var owner in owners)
        {
            // The path has no index, as upstream's has none.
            foreach (var field in (string[])["apiVersion", "kind", "name", "uid"])
            {
                if (string.IsNullOrEmpty(owner.Str(field)))
                {
                    errors.Add(FieldError.Invalid($"metadata.ownerReferences.{field}", JsonValue.Create(""), $"{field} must not be empty"));
                }
            }
        }

        if (owners.Count(o => o.Bool("controller") == true) > 1)
        {
            errors.Add(FieldError.Invalid("metadata.ownerReferences", null, "Only one reference can have Controller set to true"));
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")]
    private static partial Regex Subdomain();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    private static partial Regex Label();

    [GeneratedRegex("^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")]
    private static partial Regex LabelValue();

    [GeneratedRegex(@"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")]
    private static partial Regex QualifiedName();
}
