using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>What an Exec check runs: exit status 0 is healthy.</summary>
[Description("What an Exec check runs: exit status 0 is healthy.")]
public sealed class HealthCheckExec
{
    [JsonPropertyName("program")]
    [Description("Name of a program in the directory that the agent was given as --check-directory. No path, no shell.")]
    [Required]
    [RegularExpression("^[A-Za-z0-9_-][A-Za-z0-9._-]*$")]
    [MaxLength(128)]
    public string Program { get; set; } = "";

    [JsonPropertyName("arguments")]
    [Description("Arguments; {address} and {port} in them are replaced by those of the endpoint.")]
    [MaxLength(32)]
    [Item(MaxLength = 1024)]
    public IList<string>? Arguments { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
