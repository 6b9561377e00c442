using Microsoft.AspNetCore.Http;
using Mooring.Sandbox.KubeApi.Access;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Resources;

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
        DryRun = ParseDryRun(Query("dryRun")),
        FieldManager = FieldManager(),
        Force = Flag("force"),
        FieldValidation = Query("fieldValidation") switch
        {
            null or "Warn" => FieldValidation.Warn,
            "Ignore" => FieldValidation.Ignore,
            "Strict" => FieldValidation.Strict,
            var other => throw ApiError.BadRequest($"fieldValidation: Unsupported value: \"{other}\": supported values: \"Ignore\", \"Strict\", \"Warn\""),
        },
        Warnings = Warnings,
    };

    public static bool ParseDryRun(string? text) => text switch
    {
        null => false,
        "All" => true,
        _ => throw ApiError.BadRequest($"dryRun: Unsupported value: \"{text}\": supported values: \"All\""),
    };

    /// <summary>The parameter, or the program name at the start of the user agent, as upstream derives it.</summary>
    private string FieldManager()
    {
        if (Query("fieldManager") is { } manager)
        {
            return manager.Length <= 128 ? manager : throw ApiError.BadRequest("fieldManager: Too long: may not be more than 128 bytes");
        }

        var agent = Http.Request.Headers.UserAgent.ToString().Split('/')[0];
        return agent.Length > 0 ? agent[..Math.Min(agent.Length, 128)] : "unknown";
    }
}
