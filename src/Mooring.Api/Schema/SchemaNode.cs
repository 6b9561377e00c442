namespace Mooring.Api.Schema;

/// <summary>A JSON object that keeps the order in which its members were added.</summary>
internal sealed class SchemaNode : OrderedDictionary<string, object>
{
    public SchemaNode? Child(string key) => TryGetValue(key, out var value) ? value as SchemaNode : null;

    public string Text(string key) => TryGetValue(key, out var value) ? value as string ?? "" : "";
}
