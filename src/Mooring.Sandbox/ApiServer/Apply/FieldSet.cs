using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Apply;

/// <summary>
/// A set of field paths as a tree, in the vocabulary of <c>fieldsV1</c>: <c>f:name</c> for a field, <c>k:{...}</c> for
/// an item of a map-like list, <c>v:value</c> for an item of a set. <see cref="IsMember"/> says whether the path to
/// this node is itself in the set.
/// </summary>
internal sealed class FieldSet
{
    private readonly SortedDictionary<string, FieldSet> _children = new(StringComparer.Ordinal);

    public bool IsMember { get; set; }

    public IReadOnlyDictionary<string, FieldSet> Children => _children;

    /// <summary>Whether neither this path nor anything below it is in the set.</summary>
    public bool IsEmpty => !IsMember && _children.Values.All(c => c.IsEmpty);

    public FieldSet Child(string element)
    {
        if (!_children.TryGetValue(element, out var child))
        {
            _children[element] = child = new FieldSet();
        }

        return child;
    }

    public FieldSet? Find(string element) => _children.GetValueOrDefault(element);

    public void Remove(string element) => _children.Remove(element);

    public void RemoveAllExcept(string element)
    {
        foreach (var other in _children.Keys.Where(k => k != element).ToList())
        {
            _children.Remove(other);
        }
    }

    public void UnionWith(FieldSet? other)
    {
        if (other is null)
        {
            return;
        }

        IsMember |= other.IsMember;
        foreach (var (element, child) in other._children)
        {
            Child(element).UnionWith(child);
        }
    }

    public void ExceptWith(FieldSet? other)
    {
        if (other is null)
        {
            return;
        }

        IsMember &= !other.IsMember;
        foreach (var (element, child) in other._children)
        {
            if (_children.TryGetValue(element, out var mine))
            {
                mine.ExceptWith(child);
                if (mine.IsEmpty)
                {
                    _children.Remove(element);
                }
            }
        }
    }

    public FieldSet IntersectWith(FieldSet other)
    {
        var result = new FieldSet { IsMember = IsMember && other.IsMember };
        foreach (var (element, child) in _children)
        {
            if (other._children.TryGetValue(element, out var theirs) && child.IntersectWith(theirs) is { IsEmpty: false } common)
            {
                result._children[element] = common;
            }
        }

        return result;
    }

    public FieldSet Copy()
    {
        var copy = new FieldSet();
        copy.UnionWith(this);
        return copy;
    }

    /// <summary>Every path in the set, worded as conflict messages word them: <c>.spec.ports[port=80].name</c>.</summary>
    public IEnumerable<string> Paths(string prefix = "")
    {
        if (IsMember && prefix.Length > 0)
        {
            yield return prefix;
        }

        foreach (var path in _children.SelectMany(c => c.Value.Paths(prefix + PathElement.Describe(c.Key))))
        {
            yield return path;
        }
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject();
        if (IsMember && _children.Count > 0)
        {
            json["."] = new JsonObject();
        }

        foreach (var (element, child) in _children)
        {
            json[element] = child.ToJson();
        }

        return json;
    }

    public static FieldSet FromJson(JsonObject? json) => Read(json, root: true);

    private static FieldSet Read(JsonObject? json, bool root)
    {
        // An empty object below the root stands for a member without children.
        var set = new FieldSet { IsMember = !root && (json is null || json.Count == 0) };
        foreach (var (element, child) in json ?? [])
        {
            if (element == ".")
            {
                set.IsMember = true;
            }
            else
            {
                set._children[element] = Read(child as JsonObject, root: false);
            }
        }

        return set;
    }
}
