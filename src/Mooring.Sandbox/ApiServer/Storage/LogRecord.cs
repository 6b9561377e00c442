using System.Buffers.Binary;
using System.Text;

namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>
/// One write on disk: length (4 bytes), checksum (4), then revision (8), resource and path (each a 2-byte length and
/// UTF-8) and the object's JSON, empty for a deletion. Numbers are little-endian.
/// </summary>
internal static class LogRecord
{
    public const int HeaderBytes = 8;

    /// <summary>Above the largest body the server takes; a longer length is a torn or foreign file.</summary>
    private const int MaxPayloadBytes = 64 << 20;

    public static void Write(Stream stream, long revision, ObjectKey key, ReadOnlySpan<byte> json)
    {
        var resource = Encoding.UTF8.GetBytes(key.Resource);
        var path = Encoding.UTF8.GetBytes(key.Path);
        var payload = new byte[8 + 2 + resource.Length + 2 + path.Length + json.Length];
        var rest = payload.AsSpan();
        BinaryPrimitives.WriteInt64LittleEndian(rest, revision);
        rest = Put(rest[8..], resource);
        rest = Put(rest, path);
        json.CopyTo(rest);

        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Checksum.Of(payload));
        stream.Write(header);
        stream.Write(payload);
    }

    /// <summary>Reads one record at the start of the text. False when it is cut short or damaged.</summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out int length, out long revision, out ObjectKey key, out byte[] json)
    {
        (length, revision, key, json) = (0, 0, default, []);
        if (data.Length < HeaderBytes)
        {
            return false;
        }

        var size = BinaryPrimitives.ReadInt32LittleEndian(data);
        if (size is < 12 or > MaxPayloadBytes || data.Length < HeaderBytes + size)
        {
            return false;
        }

        var payload = data.Slice(HeaderBytes, size);
        if (Checksum.Of(payload) != BinaryPrimitives.ReadUInt32LittleEndian(data[4..]))
        {
            return false;
        }

        revision = BinaryPrimitives.ReadInt64LittleEndian(payload);
        var rest = payload[8..];
        if (!TryTake(ref rest, out var resource) || !TryTake(ref rest, out var path))
        {
            return false;
        }

        key = ObjectKey.FromPath(resource, path);
        json = rest.ToArray();
        length = HeaderBytes + size;
        return true;
    }

    private static Span<byte> Put(Span<byte> target, byte[] text)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, checked((ushort)text.Length));
        text.CopyTo(target[2..]);
        return target[(2 + text.Length)..];
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out string text)
    {
        text = "";
        if (rest.Length < 2)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (rest.Length < 2 + length)
        {
            return false;
        }

        text = Encoding.UTF8.GetString(rest.Slice(2, length));
        rest = rest[(2 + length)..];
        return true;
    }
}
