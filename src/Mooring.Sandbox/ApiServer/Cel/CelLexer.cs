using System.Globalization;
using System.Text;

namespace Mooring.Sandbox.KubeApi.Cel;

/// <summary>Cuts an expression into names, literals and symbols.</summary>
internal static class CelLexer
{
    private static readonly string[] Symbols =
        ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", "(", ")", "[", "]", ".", ",", "{", "}"];

    /// <summary>Kind is <c>name</c>, <c>value</c>, <c>end</c> or the symbol itself.</summary>
    public static List<(string Kind, object? Value)> Read(string text)
    {
        var tokens = new List<(string Kind, object? Value)>();
        var at = 0;
        while (at < text.Length)
        {
            var c = text[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
            }
            else if (c is '"' or '\'')
            {
                tokens.Add(("value", ReadString(text, ref at)));
            }
            else if (char.IsAsciiDigit(c))
            {
                tokens.Add(("value", ReadNumber(text, ref at)));
            }
            else if (char.IsAsciiLetter(c) || c == '_')
            {
                var start = at;
                while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
                {
                    at++;
                }

                if (at < text.Length && text[at] is '"' or '\'')
                {
                    throw new CelUnsupportedException("prefixed string literals");
                }

                tokens.Add(("name", text[start..at]));
            }
            else
            {
                var symbol = Array.Find(Symbols, s => string.CompareOrdinal(text, at, s, 0, s.Length) == 0)
                    ?? throw new CelUnsupportedException($"character '{c}'");
                tokens.Add((symbol, null));
                at += symbol.Length;
            }
        }

        tokens.Add(("end", null));
        return tokens;
    }

    private static object ReadNumber(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '.'
            || (text[at] is '-' or '+' && text[at - 1] is 'e' or 'E')))
        {
            at++;
        }

        var number = text[start..at].TrimEnd('u', 'U');
        if (long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var whole))
        {
            return whole;
        }

        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var real)
            ? real
            : throw new CelUnsupportedException($"the number {number}");
    }

    private static string ReadString(string text, ref int at)
    {
        var quote = text[at++];
        if (at + 1 < text.Length && text[at] == quote && text[at + 1] == quote)
        {
            throw new CelUnsupportedException("triple-quoted strings");
        }

        var result = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] != '\\')
            {
                result.Append(text[at++]);
                continue;
            }

            at++;
            result.Append(at < text.Length ? text[at] switch
            {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' or '"' or '\'' or '`' or '?' => text[at],
                _ => throw new CelUnsupportedException($"the escape \\{text[at]}"),
            } : throw new CelUnsupportedException("an unterminated string"));
            at++;
        }

        if (at++ >= text.Length)
        {
            throw new CelUnsupportedException("an unterminated string");
        }

        return result.ToString();
    }
}
