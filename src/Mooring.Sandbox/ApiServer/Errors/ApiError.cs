using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Errors;

/// <summary>The refusals of the API server, worded as the upstream server words them, since clients and people match on them.</summary>
internal static class ApiError
{
    public static ApiException NotFound(string group, string resource, string name) =>
        new(404, "NotFound", $"{Qualified(resource, group)} \"{name}\" not found", Details(group, resource, name));

    public static ApiException UnknownPath() =>
        new(404, "NotFound", "the server could not find the requested resource", new JsonObject());

    public static ApiException AlreadyExists(string group, string resource, string name) =>
        new(409, "AlreadyExists", $"{Qualified(resource, group)} \"{name}\" already exists", Details(group, resource, name));

    public static ApiException Conflict(string group, string resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {Qualified(resource, group)} \"{name}\": {why}", Details(group, resource, name));

    public static ApiException StaleWrite(string group, string resource, string name) =>
        Conflict(group, resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiException Forbidden(string group, string resource, string name, string why, JsonArray? causes = null)
    {
        var details = Details(group, resource, name);
        if (causes is not null)
        {
            details["causes"] = causes;
        }

        return new ApiException(403, "Forbidden", $"{Qualified(resource, group)} \"{name}\" is forbidden: {why}", details);
    }

    public static ApiException MethodNotAllowed() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", new JsonObject());

    public static ApiException NotAcceptable(string accepted) =>
        new(406, "NotAcceptable", $"only the following media types are accepted: {accepted}");

    /// <summary>A form that an answer of this shape does not have.</summary>
    public static ApiException WrongForm(string message) => new(406, "NotAcceptable", message);

    public static ApiException UnsupportedMediaType(string accepted) =>
        new(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {accepted}");

    public static ApiException TooLarge(long limitBytes) =>
        new(413, "RequestEntityTooLarge", $"Request entity too large: limit is {limitBytes}");

    public static ApiException Gone(string message) => new(410, "Expired", message);

    /// <summary>A page of a list whose snapshot is gone; the token in the answer goes on with what is there now.</summary>
    public static ApiException ExpiredPage(string inconsistentToken) => new(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
        metadata: new JsonObject { ["continue"] = inconsistentToken });

    /// <summary>A revision from the future, for example of another server: the client has to start over.</summary>
    public static ApiException UnknownRevision(long asked, long current) =>
        new(504, "Timeout", $"Timeout: Too large resource version: {asked}, current: {current}", new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
            ["retryAfterSeconds"] = 1,
        });

    /// <summary>A failure that upstream gives no reason, and therefore 500.</summary>
    public static ApiException Unclassified(string message) => new(500, "", message);

    public static ApiException Internal(string message) => new(500, "InternalError", $"Internal error occurred: {message}");

    /// <summary>What this server does not do it refuses by name, so that nobody takes silence for success.</summary>
    public static ApiException NotImplemented(string feature) =>
        new(501, "NotImplemented", $"the sandbox API server does not implement {feature}", new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "NotImplemented", ["message"] = feature }),
        });

    public static ApiException Invalid(string group, string kind, string name, IReadOnlyList<FieldError> errors)
    {
        var causes = new JsonArray();
        foreach (var error in errors)
        {
            causes.Add(new JsonObject { ["reason"] = error.Reason, ["message"] = error.Body, ["field"] = error.Path });
        }

        var text = errors.Count == 1 ? errors[0].ToString() : "[" + string.Join(", ", errors) + "]";
        var details = Details(group, kind, name);
        details["causes"] = causes;
        return new ApiException(422, "Invalid", $"{Qualified(kind, group)} \"{name}\" is invalid: {text}", details);
    }

    private static string Qualified(string resource, string group) => group.Length == 0 ? resource : $"{resource}.{group}";

    private static JsonObject Details(string group, string kind, string name)
    {
        var details = new JsonObject();
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (group.Length > 0)
        {
            details["group"] = group;
        }

        details["kind"] = kind;
        return details;
    }
}
