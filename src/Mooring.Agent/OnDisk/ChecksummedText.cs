using System.Security.Cryptography;
using System.Text;

namespace Mooring.Agent.OnDisk;

/// <summary>
/// Lines of text of which the last is a SHA-256 over those before, so that a file cut short or changed is noticed. Text, so
/// that a person can read and remove it.
/// </summary>
internal static class ChecksummedText
{
    private const string Prefix = "sha256 ";

    /// <param name="lines">Each without its end; the first names the kind of file and its version.</param>
    public static string Format(IEnumerable<string> lines)
    {
        var body = string.Concat(lines.Select(line => line + '\n'));
        return $"{body}{Prefix}{Checksum(body)}\n";
    }

    /// <returns>The lines after the first.</returns>
    /// <exception cref="FormatException">The text is cut short, changed or of another kind; the message says where.</exception>
    public static IEnumerable<string> Parse(string text, string header)
    {
        var end = text.LastIndexOf(Prefix, StringComparison.Ordinal);
        if (end <= 0 || text[end - 1] != '\n')
        {
            throw new FormatException("it has no checksum at its end");
        }

        var body = text[..end];
        if (text[(end + Prefix.Length)..].TrimEnd('\n') != Checksum(body))
        {
            throw new FormatException("its checksum does not match");
        }

        var lines = body.TrimEnd('\n').Split('\n');
        return lines[0] == header ? lines.Skip(1) : throw new FormatException($"its first line is '{lines[0]}', not '{header}'");
    }

    private static string Checksum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
