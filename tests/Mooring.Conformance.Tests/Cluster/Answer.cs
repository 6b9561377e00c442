using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Mooring.Conformance.Tests.Cluster;

/// <summary>What the server answered, as it stood on the wire.</summary>
internal sealed record Answer(string Request, int Code, HttpResponseHeaders Headers, MediaTypeHeaderValue? ContentType, string Text)
{
    public JsonNode Json => JsonNode.Parse(Text) ?? throw new InvalidOperationException($"{this} has no body");

    /// <summary>A field by its dotted path, a number for an item of a list; null where it is absent.</summary>
    public JsonNode? this[string path] => Json.At(path);

    public string Name => (string?)this["metadata.name"] ?? "";

    public string Uid => (string?)this["metadata.uid"] ?? "";

    public string Version => (string?)this["metadata.resourceVersion"] ?? "";

    public IReadOnlyList<JsonNode> Items => [.. (this["items"] as JsonArray ?? []).OfType<JsonNode>()];

    public IReadOnlyList<string> Names => [.. Items.Select(i => (string)i.At("metadata.name")!)];

    public IReadOnlyList<string> Warnings => Headers.TryGetValues("Warning", out var values) ? [.. values] : [];

    /// <summary>Fields that the refusal names.</summary>
    public IReadOnlyList<string> Fields => [.. (this["details.causes"] as JsonArray ?? []).Select(c => (string?)c?["field"] ?? "")];

    /// <summary>Succeeded, with this code if one is given.</summary>
    public Answer Ok(int? code = null)
    {
        if (code is { } wanted)
        {
            Code.ShouldBe(wanted, ToString());
        }

        Code.ShouldBeInRange(200, 299, ToString());
        return this;
    }

    /// <summary>Refused with this code, reason and (among others) these fields.</summary>
    public Answer Refused(int code, string? reason = null, params string[] fields)
    {
        Code.ShouldBe(code, ToString());
        ((string?)this["kind"]).ShouldBe("Status", ToString());
        ((string?)this["status"]).ShouldBe("Failure", ToString());
        ((int?)this["code"]).ShouldBe(code, ToString());
        if (reason is not null)
        {
            ((string?)this["reason"]).ShouldBe(reason, ToString());
        }

        foreach (var field in fields)
        {
            Fields.ShouldContain(field, ToString());
        }

        return this;
    }

    public override string ToString() => $"{Request}: {Code} {(Text.Length > 2000 ? Text[..2000] : Text)}";
}
