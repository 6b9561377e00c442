using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Mooring.Agent.Failover;

/// <summary>
/// The text of the term file: a header, the epoch, one line per address, and a SHA-256 over all that. Text, so that a
/// person can read and remove it.
/// </summary>
/// <param name="Epoch">Epoch of the last start.</param>
/// <param name="Terms">Highest term of each address that may have been used.</param>
internal sealed record TermFile(ulong Epoch, IReadOnlyDictionary<IPAddress, ulong> Terms)
{
    private const string Header = "mooring-terms 1";
    private const string ChecksumPrefix = "sha256 ";

    public static readonly TermFile Empty = new(0, new Dictionary<IPAddress, ulong>());

    public string Format()
    {
        var text = new StringBuilder();
        text.Append(Header).Append('\n').Append("epoch ").Append(Epoch).Append('\n');
        foreach (var (address, term) in Terms.OrderBy(pair => pair.Key.ToString(), StringComparer.Ordinal))
        {
            text.Append("term ").Append(address).Append(' ').Append(term).Append('\n');
        }

        var body = text.ToString();
        return $"{body}{ChecksumPrefix}{Checksum(body)}\n";
    }

    /// <exception cref="FormatException">The text is cut short or changed; the message says where.</exception>
    public static TermFile Parse(string text)
    {
        var end = text.LastIndexOf(ChecksumPrefix, StringComparison.Ordinal);
        if (end <= 0 || text[end - 1] != '\n')
        {
            throw new FormatException("it has no checksum at its end");
        }

        var body = text[..end];
        if (text[(end + ChecksumPrefix.Length)..].TrimEnd('\n') != Checksum(body))
        {
            throw new FormatException("its checksum does not match");
        }

        var lines = body.TrimEnd('\n').Split('\n');
        if (lines[0] != Header)
        {
            throw new FormatException($"its first line is '{lines[0]}', not '{Header}'");
        }

        ulong epoch = 0;
        var terms = new Dictionary<IPAddress, ulong>();
        foreach (var line in lines.Skip(1))
        {
            switch (line.Split(' '))
            {
                case ["epoch", var value]:
                    epoch = ulong.Parse(value, NumberStyles.None, provider: null);
                    break;
                case ["term", var address, var value]:
                    terms[IPAddress.Parse(address)] = ulong.Parse(value, NumberStyles.None, provider: null);
                    break;
                default:
                    throw new FormatException($"it has a line '{line}'");
            }
        }

        return new TermFile(epoch, terms);
    }

    private static string Checksum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
