using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary>Addresses are of the slice's type, which does not change; endpoints, addresses and ports are bounded in number.</summary>
internal sealed class EndpointSliceRules : IKindRules
{
    private const int MaxEndpoints = 1000;
    private const int MaxAddresses = 100;
    private const int MaxPorts = 20_000;

    public void Prepare(JsonObject next, JsonObject? current)
    {
    }

    public void Validate(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        var type = next.Str("addressType") ?? "";
        if (current is not null && type != current.Str("addressType"))
        {
            errors.Add(FieldError.Invalid("addressType", JsonValue.Create(type), "field is immutable"));
            return;
        }

        var endpoints = next.Arr("endpoints") ?? [];
        if (endpoints.Count > MaxEndpoints)
        {
            errors.Add(FieldError.TooMany("endpoints", endpoints.Count, MaxEndpoints));
            return;
        }

        for (var i = 0; i < endpoints.Count; i++)
        {
            CheckAddresses(endpoints[i].Arr("addresses") ?? [], type, $"endpoints[{i}].addresses", errors);
        }

        CheckPorts(next.Arr("ports") ?? [], errors);
    }

    private static void CheckAddresses(JsonArray addresses, string type, string path, List<FieldError> errors)
    {
        if (addresses.Count == 0)
        {
            errors.Add(FieldError.Required(path, "must contain at least 1 address"));
        }
        else if (addresses.Count > MaxAddresses)
        {
            errors.Add(FieldError.TooMany(path, addresses.Count, MaxAddresses));
        }

        for (var i = 0; i < addresses.Count; i++)
        {
            var text = addresses[i].AsString() ?? "";
            var valid = type switch
            {
                "IPv4" => SchemaFormats.Matches("ipv4", text),
                "IPv6" => SchemaFormats.Matches("ipv6", text),
                "FQDN" => SchemaFormats.Matches("hostname", text),
                _ => true,
            };
            if (!valid)
            {
                errors.Add(FieldError.Invalid($"{path}[{i}]", JsonValue.Create(text), $"must be a valid {type} address"));
            }
        }
    }

    private static void CheckPorts(JsonArray ports, List<FieldError> errors)
    {
        if (ports.Count > MaxPorts)
        {
            errors.Add(FieldError.TooMany("ports", ports.Count, MaxPorts));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count; i++)
        {
            if (!names.Add(ports[i].Str("name") ?? ""))
            {
                errors.Add(FieldError.Duplicate($"ports[{i}].name", JsonValue.Create(ports[i].Str("name") ?? "")));
            }
        }
    }
}
