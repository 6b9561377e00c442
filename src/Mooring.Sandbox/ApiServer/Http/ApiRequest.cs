using Microsoft.AspNetCore.Http;
using Mooring.Sandbox.KubeApi.Access;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>A request for a resource.</summary>
internal sealed record ApiRequest(HttpContext Http, UserInfo User, ResourceType Type, string Namespace, string Name, string Subresource)
{
    private static readonly string[] TrueTexts = ["true", "1", "t", "T", "TRUE", "True"];

    public List<string> Warnings { get; } = [];

    public MediaType Accept { get; init; } = MediaType.Json;

    public CancellationToken Aborted => Http.RequestAborted;

    public string? Query(string name) => Http.Request.Query.TryGetValue(name, out var values) && values.Count > 0 && values[0] is { Length: > 0 } text ? text : null;

    public bool Flag(string name) => Query(name) is { } text && TrueTexts.Contains(text);

    public long? Number(string name) => Query(name) is not { } text
        ? null
        : long.TryParse(text, out var number) ? number : throw ApiError.BadRequest($"invalid {name}: \"{text}\" is not a number");

    public WriteOptions WriteOptions() => new()
    {
        DryRun = DryRun(Query("dryRun")),
        FieldManager = FieldManager(),
        Force = Flag("force"),
        FieldValidation = Query("fieldValidation") switch
        {
            null or "Warn" => FieldValidation.Warn,
            "Ignore" => FieldValidation.Ignore,
            "Strict" => FieldValidation.Strict,
            var other => throw InvalidOption(FieldError.NotSupported("fieldValidation", other, ["Ignore", "Strict", "Warn"])),
        },
        Warnings = Warnings,
    };

    public bool DryRun(string? text) => text switch
    {
        null => false,
        "All" => true,
        _ => throw InvalidOption(FieldError.NotSupported("dryRun", text, ["All"])),
    };

    /// <summary>The refusal of a parameter, which upstream reads into an options object of the verb.</summary>
    public ApiException InvalidOption(FieldError error) => ApiError.Invalid(
        "meta.k8s.io",
        Http.Request.Method switch
        {
            "POST" => "CreateOptions",
            "PUT" => "UpdateOptions",
            "PATCH" => "PatchOptions",
            "DELETE" => "DeleteOptions",
            _ => "ListOptions",
        },
        "",
        [error]);

    /// <summary>The parameter, or the program name at the start of the user agent, as upstream derives it.</summary>
    private string FieldManager()
    {
        if (Query("fieldManager") is { } manager)
        {
            return manager.Length <= 128 ? manager : throw InvalidOption(FieldError.TooLong("fieldManager", 128));
        }

        var agent = Http.Request.Headers.UserAgent.ToString().Split('/')[0];
        return agent.Length > 0 ? agent[..Math.Min(agent.Length, 128)] : "unknown";
    }
}
