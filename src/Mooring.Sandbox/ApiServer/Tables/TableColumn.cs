using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Tables;

/// <summary>One column: how it is headed, and its cell for an object.</summary>
/// <param name="Name">Heading; kubectl prints it in upper case.</param>
/// <param name="Type">OpenAPI type of the cells.</param>
/// <param name="Format">OpenAPI format, <c>name</c> for the name column.</param>
/// <param name="Description">What it shows.</param>
/// <param name="Priority">0 is always shown, more only with <c>-o wide</c>.</param>
/// <param name="Cell">The cell.</param>
internal sealed record TableColumn(string Name, string Type, string Format, string Description, int Priority, Func<JsonObject, JsonNode?> Cell)
{
    public static TableColumn Text(string name, Func<JsonObject, string?> cell, string description = "", int priority = 0) =>
        new(name, "string", name == "Name" ? "name" : "", description, priority, o => JsonValue.Create(cell(o) ?? ""));

    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["type"] = Type,
        ["format"] = Format,
        ["description"] = Description,
        ["priority"] = Priority,
    };
}
