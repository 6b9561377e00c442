using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using YamlDotNet.Serialization;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>Writes answers.</summary>
internal static class ApiResponse
{
    private const string JsonType = "application/json";

    /// <summary>Upstream's limit on the text of all warnings of one answer.</summary>
    private const int MaxWarningChars = 4096;

    public static Task WriteErrorAsync(HttpContext http, ApiException error)
    {
        if (error.Code == 401)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        if (error.Code is 429 or 504 && error.Details?["retryAfterSeconds"] is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString();
        }

        return WriteJsonAsync(http, error.ToStatus(), error.Code);
    }

    public static Task WriteJsonAsync(HttpContext http, JsonNode value, int code = 200, string contentType = JsonType) =>
        WriteBytesAsync(http, JsonBody.ToBytes(value), code, contentType);

    public static async Task WriteBytesAsync(HttpContext http, ReadOnlyMemory<byte> body, int code = 200, string contentType = JsonType)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    public static async Task WriteYamlAsync(HttpContext http, JsonNode value, int code)
    {
        var plain = new DeserializerBuilder().Build().Deserialize<object>(JsonBody.ToText(value));
        var text = new SerializerBuilder().WithQuotingNecessaryStrings().Build().Serialize(plain);
        await WriteBytesAsync(http, Encoding.UTF8.GetBytes(text), code, "application/yaml");
    }

    /// <summary>Must come before the body.</summary>
    public static void AddWarnings(HttpContext http, IEnumerable<string> warnings)
    {
        var total = 0;
        foreach (var warning in warnings.Distinct(StringComparer.Ordinal))
        {
            var text = new string([.. warning.Select(c => c is >= ' ' and < '\x7f' ? c : ' ')]);
            text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            total += text.Length;
            if (total > MaxWarningChars)
            {
                return;
            }

            http.Response.Headers.Append("Warning", $"299 - \"{text}\"");
        }
    }
}
