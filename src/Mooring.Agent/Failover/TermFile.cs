using System.Globalization;
using System.Net;
using Mooring.Agent.OnDisk;

namespace Mooring.Agent.Failover;

/// <summary>The text of the term file: a header, the epoch, and one line per address.</summary>
/// <param name="Epoch">Epoch of the last start.</param>
/// <param name="Terms">Highest term of each address that may have been used.</param>
internal sealed record TermFile(ulong Epoch, IReadOnlyDictionary<IPAddress, ulong> Terms)
{
    private const string Header = "mooring-terms 1";

    public static readonly TermFile Empty = new(0, new Dictionary<IPAddress, ulong>());

    public string Format() => ChecksummedText.Format(
    [
        Header,
        $"epoch {Epoch}",
        .. Terms.OrderBy(pair => pair.Key.ToString(), StringComparer.Ordinal).Select(pair => $"term {pair.Key} {pair.Value}"),
    ]);

    /// <exception cref="FormatException">The text is cut short or changed; the message says where.</exception>
    public static TermFile Parse(string text)
    {
        ulong epoch = 0;
        var terms = new Dictionary<IPAddress, ulong>();
        foreach (var line in ChecksummedText.Parse(text, Header))
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
}
