namespace Grpc.Core.Wire;

/// <summary>Metadata as HTTP headers: binary values in base64, padding optional on the way in.</summary>
internal static class MetadataHeaders
{
    public static string ToHeaderValue(Metadata.Entry entry) =>
        entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value;

    /// <summary>Adds a received header. Values that are not valid metadata are dropped, as the protocol allows.</summary>
    public static void Add(Metadata metadata, string name, string value)
    {
        if (ProtocolNames.IsReserved(name))
        {
            return;
        }

        if (!name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase))
        {
            if (!value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                metadata.Add(name, value);
            }

            return;
        }

        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries))
        {
            var padded = part.PadRight((part.Length + 3) / 4 * 4, '=');
            var bytes = new byte[padded.Length];
            if (Convert.TryFromBase64String(padded, bytes, out var length))
            {
                metadata.Add(name, bytes[..length]);
            }
        }
    }
}
