using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>The namespace of an object that is written.</summary>
internal static class ObjectNamespaces
{
    /// <summary>Refuses new objects where the namespace is missing or on its way out.</summary>
    public static void RequireLive(ResourceStore store, ResourceType type, string ns, string name)
    {
        if (!type.Namespaced)
        {
            return;
        }

        var found = store.Get(new ObjectKey("namespaces", "", ns)) ?? throw ApiError.NotFound("", "namespaces", ns);
        if (found.Deleting)
        {
            var causes = new JsonArray(new JsonObject
            {
                ["reason"] = "NamespaceTerminating",
                ["message"] = $"namespace {ns} is being terminated",
                ["field"] = "metadata.namespace",
            });
            throw ApiError.Forbidden(type.Group, type.Plural, name, $"unable to create new content in namespace {ns} because it is being terminated", causes);
        }
    }

    /// <summary>Fills in the namespace of the request, and refuses another one.</summary>
    public static void Set(JsonObject metadata, ResourceType type, string ns)
    {
        if (!type.Namespaced)
        {
            metadata.Remove("namespace");
            return;
        }

        if (metadata.Str("namespace") is { Length: > 0 } sent && sent != ns)
        {
            throw ApiError.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        metadata["namespace"] = ns;
    }
}
