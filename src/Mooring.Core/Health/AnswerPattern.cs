using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Mooring.Core.Health;

/// <summary>
/// A regular expression that an answer must match. It is matched in time linear to the answer, whatever the pattern: what
/// would need backtracking (lookaround, backreferences, atomic groups) is refused.
/// </summary>
public sealed class AnswerPattern
{
    public const int MaxLength = 1024;

    /// <summary>The automaton is bounded too: a pattern such as (a{1000}){1000} is refused by its size.</summary>
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    /// <summary>Compiled once for all the checks that share a setting, and forgotten with it.</summary>
    private static readonly ConditionalWeakTable<string, AnswerPattern> Patterns = [];

    private readonly Regex _regex;

    private AnswerPattern(Regex regex) => _regex = regex;

    public static bool TryParse(
        string text, [NotNullWhen(true)] out AnswerPattern? pattern, [NotNullWhen(false)] out string? error)
    {
        pattern = null;
        error = null;
        if (text.Length is 0 or > MaxLength)
        {
            error = $"must have 1 to {MaxLength} characters";
            return false;
        }

        try
        {
            pattern = new AnswerPattern(new Regex(text, Options, Regex.InfiniteMatchTimeout));
            return true;
        }
        catch (RegexParseException exception)
        {
            error = $"is not a regular expression: {exception.Error} at character {exception.Offset}";
        }
        catch (NotSupportedException)
        {
            error = "uses lookaround, backreferences or something as costly; write it without them";
        }

        return false;
    }

    /// <summary>The pattern of a setting that was accepted.</summary>
    /// <exception cref="InvalidOperationException">It is not a pattern.</exception>
    public static AnswerPattern Shared(string accepted) => Patterns.GetValue(accepted, static text =>
        TryParse(text, out var pattern, out var error)
            ? pattern
            : throw new InvalidOperationException($"pattern '{text}' {error}"));

    /// <summary>Takes the bytes as UTF-8; what is not is taken as U+FFFD.</summary>
    public bool IsMatchOfText(ReadOnlySpan<byte> answer) => _regex.IsMatch(Encoding.UTF8.GetString(answer));

    /// <summary>Takes each byte as the character of that number.</summary>
    public bool IsMatchOfBytes(ReadOnlySpan<byte> answer) => _regex.IsMatch(Encoding.Latin1.GetString(answer));

    public override string ToString() => _regex.ToString();
}
