using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Client;

/// <summary>Reads the lines of a watch, one JSON event each.</summary>
internal static class WatchReader
{
    private static readonly StreamPipeReaderOptions PipeOptions = new(bufferSize: 64 << 10);
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = KubernetesJson.MaxDepth };

    public static async IAsyncEnumerable<WatchEvent<T>> ReadAsync<T>(
        Stream stream,
        int maxLineBytes,
        ApiRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var pipe = PipeReader.Create(stream, PipeOptions);
        try
        {
            var searched = 0L;
            while (true)
            {
                var (buffer, ended) = await ReadAsync(pipe, request, cancellationToken);
                while (TryTakeLine(ref buffer, searched, out var line))
                {
                    searched = 0;
                    if (Parse<T>(line, maxLineBytes, request) is { } change)
                    {
                        yield return change;
                    }
                }

                searched = buffer.Length;
                if (searched > maxLineBytes)
                {
                    throw TooLong(maxLineBytes, request);
                }

                if (ended)
                {
                    if (searched > 0)
                    {
                        throw new HttpRequestException(
                            HttpRequestError.ResponseEnded, $"{request}: the watch was cut within an event");
                    }

                    yield break;
                }

                pipe.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }

    private static async ValueTask<(ReadOnlySequence<byte> Buffer, bool Ended)> ReadAsync(
        PipeReader pipe, ApiRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var read = await pipe.ReadAsync(cancellationToken);
            return (read.Buffer, read.IsCompleted);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new HttpRequestException(
                HttpRequestError.ResponseEnded, $"{request}: the watch was cut: {e.Message}", e);
        }
    }

    /// <param name="searched">Bytes known to hold no line end: a long line is not searched again with every read.</param>
    private static bool TryTakeLine(
        ref ReadOnlySequence<byte> buffer, long searched, out ReadOnlySequence<byte> line)
    {
        if (buffer.Slice(Math.Min(searched, buffer.Length)).PositionOf((byte)'\n') is not { } end)
        {
            line = default;
            return false;
        }

        line = buffer.Slice(0, end);
        buffer = buffer.Slice(buffer.GetPosition(1, end));
        return true;
    }

    private static WatchEvent<T>? Parse<T>(in ReadOnlySequence<byte> line, int maxLineBytes, ApiRequest request)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (line.Length > maxLineBytes)
        {
            throw TooLong(maxLineBytes, request);
        }

        if (IsBlank(line))
        {
            return null;
        }

        try
        {
            return ParseLine<T>(line, request.Json);
        }
        catch (JsonException e)
        {
            throw new HttpRequestException(
                HttpRequestError.InvalidResponse, $"{request}: an event of the watch is malformed: {e.Message}", e);
        }
    }

    /// <summary>A line that lies across buffers is copied into one: cheaper than reading it in pieces.</summary>
    private static WatchEvent<T> ParseLine<T>(in ReadOnlySequence<byte> line, JsonSerializerOptions json)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (line.IsSingleSegment)
        {
            return ParseEvent<T>(new Utf8JsonReader(line.FirstSpan, ReaderOptions), json);
        }

        var length = (int)line.Length;
        var whole = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            line.CopyTo(whole);
            return ParseEvent<T>(new Utf8JsonReader(whole.AsSpan(0, length), ReaderOptions), json);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    private static WatchEvent<T> ParseEvent<T>(Utf8JsonReader reader, JsonSerializerOptions json)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        string? type = null;
        var skipped = reader;
        var hasSkipped = false;
        T? entity = null;
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject, "an event is not an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isType, isObject) = (reader.ValueTextEquals("type"u8), reader.ValueTextEquals("object"u8));
            reader.Read();
            if (isType)
            {
                Expect(reader.TokenType == JsonTokenType.String, "an event's type is not a string");
                type = reader.GetString();
            }
            else if (isObject && type is not null and not "ERROR")
            {
                entity = JsonSerializer.Deserialize<T>(ref reader, json);
            }
            else
            {
                if (isObject)
                {
                    skipped = reader;
                    hasSkipped = true;
                }

                reader.Skip();
            }
        }

        Expect(reader.TokenType == JsonTokenType.EndObject && !reader.Read(), "an event does not end where its line does");
        if (type == "ERROR")
        {
            throw Refusal(ref skipped, hasSkipped);
        }

        if (entity is null && hasSkipped)
        {
            entity = JsonSerializer.Deserialize<T>(ref skipped, json);
        }

        Expect(entity?.Metadata is not null, "an event has no object with metadata");
        return new WatchEvent<T>(ParseType(type), EntityDefinition.Of<T>().Complete(entity!));
    }

    private static KubernetesException Refusal(ref Utf8JsonReader reader, bool hasStatus)
    {
        var status = new V1Status { Message = "the watch ended with an error that says nothing" };
        if (hasStatus)
        {
            status = JsonSerializer.Deserialize<V1Status>(ref reader, KubernetesJson.Options) ?? status;
        }

        return new KubernetesException((HttpStatusCode)(status.Code ?? 500), status);
    }

    private static WatchEventType ParseType(string? type) => type switch
    {
        "ADDED" => WatchEventType.Added,
        "MODIFIED" => WatchEventType.Modified,
        "DELETED" => WatchEventType.Deleted,
        "BOOKMARK" => WatchEventType.Bookmark,
        _ => throw new JsonException($"an event has the unknown type '{type}'"),
    };

    private static bool IsBlank(in ReadOnlySequence<byte> line)
    {
        foreach (var segment in line)
        {
            if (segment.Span.ContainsAnyExcept(" \t\r"u8))
            {
                return false;
            }
        }

        return true;
    }

    private static void Expect(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new JsonException(otherwise);
        }
    }

    private static HttpRequestException TooLong(int maxLineBytes, ApiRequest request) => new(
        HttpRequestError.ConfigurationLimitExceeded,
        $"{request}: an event of the watch is over {maxLineBytes} bytes");
}
