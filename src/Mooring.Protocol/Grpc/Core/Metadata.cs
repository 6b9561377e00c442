using System.Collections;

namespace Grpc.Core;

/// <summary>Headers or trailers of a call. Keys are lower case; a key that ends in <c>-bin</c> has bytes as its value.</summary>
public sealed class Metadata : IReadOnlyCollection<Metadata.Entry>
{
    public const string BinaryHeaderSuffix = "-bin";

    private readonly List<Entry> _entries = [];

    public int Count => _entries.Count;

    public void Add(string key, string value) => Add(new Entry(key, value));

    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    public void Add(Entry item) => _entries.Add(item);

    /// <summary>The last entry with that key, or null.</summary>
    public Entry? Get(string key) => _entries.FindLast(e => e.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    public string? GetValue(string key) => Get(key)?.Value;

    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    public IEnumerator<Entry> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public sealed class Entry
    {
        private readonly byte[]? _bytes;
        private readonly string? _text;

        public Entry(string key, string value)
        {
            Key = Checked(key);
            if (IsBinary)
            {
                throw new ArgumentException($"key {Key} ends in -bin: its value is bytes", nameof(value));
            }

            if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                throw new ArgumentException($"value of {Key} has characters outside printable ASCII", nameof(value));
            }

            _text = value;
        }

        public Entry(string key, byte[] valueBytes)
        {
            Key = Checked(key);
            if (!IsBinary)
            {
                throw new ArgumentException($"key {Key} does not end in -bin: its value is text", nameof(valueBytes));
            }

            _bytes = valueBytes;
        }

        public string Key { get; }

        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        public string Value => _text ?? throw new InvalidOperationException($"the value of {Key} is bytes");

        public byte[] ValueBytes => _bytes ?? System.Text.Encoding.ASCII.GetBytes(_text!);

        private static string Checked(string key)
        {
            key = key.ToLowerInvariant();
            if (key.Length == 0 || key.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            {
                throw new ArgumentException($"'{key}' is not a metadata key: use a-z, 0-9, '-', '_' and '.'", nameof(key));
            }

            return key;
        }
    }
}
