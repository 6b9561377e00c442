using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>Keys are file names, and stand in <c>data</c> or <c>binaryData</c>, not both.</summary>
internal sealed class ConfigMapRules : IKindRules
{
    public void Prepare(JsonObject next, JsonObject? current)
    {
    }

    public void Validate(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        foreach (var (key, _) in next.Obj("data") ?? [])
        {
            if (!key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') || key is "" or "." or "..")
            {
                errors.Add(FieldError.Invalid($"data[{key}]", JsonValue.Create(key), "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"));
            }

            if (next.Obj("binaryData")?.ContainsKey(key) == true)
            {
                errors.Add(FieldError.Invalid($"data[{key}]", JsonValue.Create(key), "duplicate of key present in binaryData"));
            }
        }

        ImmutableData.Check(next, current, errors);
        ImmutableData.CheckSize(next, errors);
    }
}
