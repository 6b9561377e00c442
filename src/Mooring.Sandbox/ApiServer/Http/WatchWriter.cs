using System.Buffers;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Storage;
using Mooring.Sandbox.KubeApi.Tables;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>Puts watch events on the wire in the form that was agreed on, several at a time where several are ready.</summary>
internal sealed class WatchWriter(ApiRequest request, TableBuilder tables)
{
    private const int LargeBytes = 64 * 1024;
    private const string InitialEventsEnd = "k8s.io/initial-events-end";

    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private bool _headersSent;

    public void Add(string type, StoredObject stored, long? revision = null)
    {
        if (request.Accept == MediaType.Json && request.Type.Conversion is null && (revision ?? stored.Revision) == stored.Revision)
        {
            _buffer.Write("{\"type\":\""u8);
            _buffer.Write(System.Text.Encoding.ASCII.GetBytes(type));
            _buffer.Write("\",\"object\":"u8);
            _buffer.Write(stored.Json);
            _buffer.Write("}\n"u8);
            return;
        }

        var value = ObjectService.Serve(stored, request.Type);
        if (revision is { } stamp)
        {
            value.Ensure("metadata")["resourceVersion"] = stamp.ToString();
        }

        AddEvent(type, Form(value));
    }

    public void AddBookmark(long revision, bool initialEventsEnd)
    {
        var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(), ["creationTimestamp"] = null };
        if (initialEventsEnd)
        {
            metadata["annotations"] = new JsonObject { [InitialEventsEnd] = "true" };
        }

        var value = new JsonObject { ["kind"] = request.Type.Kind, ["apiVersion"] = request.Type.GroupVersion, ["metadata"] = metadata };
        AddEvent("BOOKMARK", request.Accept == MediaType.Json ? value : Form(value));
    }

    public Task FlushIfLargeAsync(CancellationToken ct) => _buffer.WrittenCount > LargeBytes ? FlushAsync(ct) : Task.CompletedTask;

    public async Task FlushAsync(CancellationToken ct)
    {
        if (_buffer.WrittenCount == 0)
        {
            return;
        }

        await request.Http.Response.Body.WriteAsync(_buffer.WrittenMemory, ct);
        await request.Http.Response.Body.FlushAsync(ct);
        _buffer.ResetWrittenCount();
    }

    private JsonObject Form(JsonObject value)
    {
        switch (request.Accept)
        {
            case MediaType.Table:
                var metadata = new JsonObject { ["resourceVersion"] = value.Obj("metadata").Str("resourceVersion") };
                var table = tables.Build(request.Type, [value], metadata, request.Query("includeObject"), headers: !_headersSent);
                _headersSent = true;
                return table;
            case MediaType.PartialMetadata or MediaType.PartialMetadataList:
                return TableBuilder.PartialMetadata(value);
            default:
                return value;
        }
    }

    private void AddEvent(string type, JsonObject value)
    {
        _buffer.Write(JsonBody.ToBytes(new JsonObject { ["type"] = type, ["object"] = value }));
        _buffer.Write("\n"u8);
    }
}
