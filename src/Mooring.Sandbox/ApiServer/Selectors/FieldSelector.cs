using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Selectors;

/// <summary>A field selector: equality on the few fields that a kind offers for it.</summary>
internal sealed class FieldSelector
{
    public static readonly FieldSelector Everything = new([]);

    private static readonly Dictionary<string, string[]> Selectable = new(StringComparer.Ordinal)
    {
        ["pods"] = ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"],
        ["events"] =
        [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
            "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        ],
        ["events.events.k8s.io"] =
        [
            "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion", "reason", "reportingController", "type",
        ],
        ["namespaces"] = ["status.phase"],
        ["nodes"] = ["spec.unschedulable"],
        ["secrets"] = ["type"],
        ["services"] = ["spec.clusterIP", "spec.type"],
        ["jobs.batch"] = ["status.successful"],
        ["replicasets.apps"] = ["status.replicas"],
    };

    private readonly List<(string Field, string Value, bool Equal)> _terms;

    private FieldSelector(List<(string Field, string Value, bool Equal)> terms) => _terms = terms;

    public bool IsEverything => _terms.Count == 0;

    public bool Matches(StoredObject stored)
    {
        JsonObject? value = null;
        foreach (var (field, expected, equal) in _terms)
        {
            var actual = field switch
            {
                "metadata.name" => stored.Key.Name,
                "metadata.namespace" => stored.Key.Namespace,
                _ => Read(value ??= stored.Read(), field),
            };
            if (actual == expected != equal)
            {
                return false;
            }
        }

        return true;
    }

    public static FieldSelector Parse(string? text, ResourceType type)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }

        var terms = new List<(string Field, string Value, bool Equal)>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = part.IndexOf('=');
            if (at <= 0)
            {
                throw ApiError.BadRequest($"Unable to find \"{type.GroupVersion}, Resource={type.Plural}\" that match label selector \"\", field selector \"{text}\": invalid field selector: \"{part}\"");
            }

            var equal = part[at - 1] != '!';
            var field = part[..(equal ? at : at - 1)].Trim();
            var value = part[(at + 1)..].TrimStart('=').Trim();
            terms.Add((Stored(field, type), value, equal));
        }

        return new FieldSelector(terms);
    }

    /// <summary>The field's path in the stored form; a field that the kind does not offer is refused.</summary>
    private static string Stored(string field, ResourceType type)
    {
        if (field is "metadata.name" || (field is "metadata.namespace" && type.Namespaced))
        {
            return field;
        }

        if (type.Custom?.SelectableFields.Contains(field) == true)
        {
            return field;
        }

        if (!Selectable.TryGetValue(type.GroupResource, out var fields) || !fields.Contains(field))
        {
            throw ApiError.BadRequest($"field label not supported: {field}");
        }

        return field
            .Replace("regarding.", "involvedObject.", StringComparison.Ordinal)
            .Replace("reportingController", "reportingComponent", StringComparison.Ordinal) switch
            {
                "source" => "source.component",
                var same => same,
            };
    }

    private static string Read(JsonObject value, string path)
    {
        JsonNode? node = value;
        foreach (var part in path.Split('.'))
        {
            node = (node as JsonObject)?[part];
        }

        return node.Display() ?? (path is "spec.unschedulable" or "spec.hostNetwork" ? "false" : "");
    }
}
