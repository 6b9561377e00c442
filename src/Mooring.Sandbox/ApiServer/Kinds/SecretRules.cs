using System.Text;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary><c>stringData</c> is written into <c>data</c>; type and immutable content do not change.</summary>
internal sealed class SecretRules : IKindRules
{
    public void Prepare(JsonObject next, JsonObject? current)
    {
        if (next.Obj("stringData") is { } plain)
        {
            var data = next.Ensure("data");
            foreach (var (key, value) in plain)
            {
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsString() ?? ""));
            }

            next.Remove("stringData");
        }

        next["type"] ??= current.Str("type") ?? "Opaque";
    }

    public void Validate(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        if (current is not null && next.Str("type") != current.Str("type"))
        {
            errors.Add(FieldError.Invalid("type", next["type"], "field is immutable"));
        }

        foreach (var key in next.Str("type") switch
        {
            "kubernetes.io/tls" => ["tls.crt", "tls.key"],
            "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
            "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
            _ => (string[])[],
        })
        {
            if (next.Obj("data")?.ContainsKey(key) != true)
            {
                errors.Add(FieldError.Required($"data[{key}]"));
            }
        }

        ImmutableData.Check(next, current, errors);
        ImmutableData.CheckSize(next, errors);
    }
}
