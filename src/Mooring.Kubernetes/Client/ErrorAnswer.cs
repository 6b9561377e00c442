using System.Net;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Client;

/// <summary>Makes a <see cref="KubernetesException"/> of an answer that is not a success, whoever wrote it.</summary>
internal static class ErrorAnswer
{
    /// <summary>A Status is a few hundred bytes; a longer one is read no further.</summary>
    private const int MaxBytes = 256 << 10;

    private const int ExcerptLength = 200;

    public static async Task<KubernetesException> ReadAsync(
        HttpResponseMessage response, ApiRequest request, TimeProvider time, CancellationToken cancellationToken)
    {
        var body = await ReadHeadAsync(response, cancellationToken);
        var status = IsJson(response) ? Parse(body) : null;
        status ??= new V1Status
        {
            Status = "Failure",
            Code = (int)response.StatusCode,
            Message = $"{request}: {(int)response.StatusCode} {response.ReasonPhrase}, not from a Kubernetes API "
                + $"server: {Describe(response, body)}",
        };
        return new KubernetesException(response.StatusCode, status, RetryAfter(response, status, time));
    }

    /// <summary>A success that is not JSON: a login page, or another server altogether.</summary>
    public static async Task<HttpRequestException> NotJsonAsync(
        HttpResponseMessage response, ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await ReadHeadAsync(response, cancellationToken);
        return new HttpRequestException(
            HttpRequestError.InvalidResponse,
            $"{request}: expected JSON from a Kubernetes API server: {Describe(response, body)}",
            statusCode: response.StatusCode);
    }

    public static bool IsJson(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.OrdinalIgnoreCase) == true;

    private static V1Status? Parse(byte[] body)
    {
        try
        {
            var status = JsonSerializer.Deserialize<V1Status>(body, KubernetesJson.Options);
            return status?.Message is null && status?.Reason is null ? null : status;
        }
        catch (JsonException)
        {
            // Cut short or not a Status: the caller describes it by its bytes.
            return null;
        }
    }

    private static async Task<byte[]> ReadHeadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxBytes];
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var read = await stream.ReadAtLeastAsync(
                buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            return buffer[..read];
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            // The status line is what matters; the words that should explain it got lost.
            return [];
        }
    }

    private static string Describe(HttpResponseMessage response, byte[] body)
    {
        var type = response.Content.Headers.ContentType?.MediaType ?? "no content type";
        var text = Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, ExcerptLength * 2));
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= ExcerptLength ? $"{type} '{line}'" : $"{type} '{line[..ExcerptLength]}…'";
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, V1Status status, TimeProvider time)
    {
        var asked = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ when status.Details?.RetryAfterSeconds is { } seconds and > 0 => TimeSpan.FromSeconds(seconds),
            _ => (TimeSpan?)null,
        };
        return asked is { } wait && wait < TimeSpan.Zero ? TimeSpan.Zero : asked;
    }
}
