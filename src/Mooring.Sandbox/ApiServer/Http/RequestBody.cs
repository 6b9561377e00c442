using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Protobuf;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>Reads request bodies, JSON or YAML, within upstream's size limit.</summary>
internal static class RequestBody
{
    /// <summary>Bytes; upstream's limit for a write.</summary>
    public const long MaxBytes = 3 << 20;

    public static string ContentType(HttpRequest request) => (request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    /// <summary>The body as a node, or null when there is none.</summary>
    public static async Task<JsonNode?> ReadAsync(HttpRequest request, bool yaml, List<string>? duplicates, CancellationToken ct)
    {
        var bytes = await ReadBytesAsync(request, ct);
        if (bytes.Length == 0)
        {
            return null;
        }

        try
        {
            // YAML is read as JSON where it is JSON, which is what kubectl sends.
            return yaml && bytes[0] != '{'
                ? YamlBody.Parse(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes), duplicates)
                : JsonBody.Parse(bytes, duplicates);
        }
        catch (JsonException e)
        {
            throw ApiError.BadRequest($"error decoding the body: {e.Message}");
        }
        catch (DecoderFallbackException)
        {
            throw ApiError.BadRequest("error decoding the body: it is not valid UTF-8");
        }
    }

    /// <summary>An object in a create, update or delete request. The built-in kinds may come as protobuf.</summary>
    public static async Task<JsonObject?> ReadObjectAsync(HttpRequest request, List<string>? duplicates, CancellationToken ct)
    {
        var type = ContentType(request);
        if (type == ProtobufBody.ContentType)
        {
            var bytes = await ReadBytesAsync(request, ct);
            return bytes.Length == 0 ? null : ProtobufBody.Parse(bytes);
        }

        if (type is not ("" or "application/json" or "application/yaml"))
        {
            throw ApiError.UnsupportedMediaType(Negotiation.Supported);
        }

        return await ReadAsync(request, type == "application/yaml", duplicates, ct) switch
        {
            null => null,
            JsonObject value => value,
            _ => throw ApiError.BadRequest("the body of the request is not an object"),
        };
    }

    private static async Task<byte[]> ReadBytesAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentLength > MaxBytes)
        {
            throw ApiError.TooLarge(MaxBytes);
        }

        using var buffer = new MemoryStream((int)(request.ContentLength ?? 4096));
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, ct)) > 0)
        {
            if (buffer.Length + read > MaxBytes)
            {
                throw ApiError.TooLarge(MaxBytes);
            }

            buffer.Write(chunk, 0, read);
        }

        return buffer.ToArray();
    }
}
