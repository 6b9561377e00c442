using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Mooring.Configuration;

/// <summary>
/// A command line of which some options can be given, and changed, by a file: <c>maxMoves: 20</c> for <c>--max-moves=20</c>.
/// What is asked of an option on the command line is asked of it in the file.
/// </summary>
/// <param name="commandLine">What the program was started with.</param>
/// <param name="reloadable">Options that can be in the file.</param>
/// <param name="validate">What is wrong with values that the command line itself takes; the messages name options.</param>
public sealed partial class ReloadableCommand(
    ParseResult commandLine, IEnumerable<Option> reloadable, Func<ParseResult, IEnumerable<string>> validate)
{
    private readonly Dictionary<string, Option> _reloadable = reloadable.ToDictionary(NameInFile, StringComparer.Ordinal);

    private readonly Dictionary<string, Option> _all =
        commandLine.CommandResult.Command.Options.ToDictionary(NameInFile, StringComparer.Ordinal);

    /// <summary>What is in force without a file.</summary>
    public ParseResult CommandLine => commandLine;

    public ConfigReading Read(string text)
    {
        var (entries, malformed) = ConfigText.Parse(text);
        var errors = new List<string>(malformed);
        errors.AddRange(entries.Keys.Select(Misplaced).OfType<string>());
        if (errors.Count > 0)
        {
            return new ConfigReading(commandLine, entries, errors);
        }

        var result = commandLine.RootCommandResult.Command.Parse(
            [.. Arguments(commandLine), .. entries.SelectMany(entry => Argument(_reloadable[entry.Key].Name, entry.Value))]);
        errors.AddRange(result.Errors.Select(ToMessage));
        if (errors.Count == 0)
        {
            errors.AddRange(validate(result).Select(InTermsOfFile));
        }

        return new ConfigReading(result, entries, errors);
    }

    /// <summary><c>--max-moves</c> is <c>maxMoves</c>.</summary>
    private static string NameInFile(Option option) => CamelCase(option.Name.TrimStart('-'));

    private string? Misplaced(string name)
    {
        if (_reloadable.TryGetValue(name, out var option))
        {
            return commandLine.GetResult(option) is { Implicit: false }
                ? $"{name}: is given by {option.Name} on the command line too; leave one of them out" : null;
        }

        return _all.TryGetValue(name, out option)
            ? $"{name}: cannot change while the program runs; set {option.Name} on its command line and restart it"
            : $"{name}: is not known; known are {string.Join(", ", _reloadable.Keys.Order(StringComparer.Ordinal))}";
    }

    private static string ToMessage(ParseError error)
    {
        var symbol = error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult;
        var message = Whitespace().Replace(InTermsOfFile(error.Message), " ");
        return symbol is null || message.StartsWith($"{NameInFile(symbol.Option)}:", StringComparison.Ordinal)
            ? message : $"{NameInFile(symbol.Option)}: {message}";
    }

    private static string InTermsOfFile(string message) =>
        OptionName().Replace(message, match => CamelCase(match.Groups["name"].Value));

    private static List<string> Arguments(ParseResult result)
    {
        var arguments = new List<string>();
        TokenType? last = null;
        foreach (var token in result.Tokens)
        {
            if (token.Type == TokenType.Argument && last == TokenType.Option)
            {
                var option = arguments[^1];
                arguments.RemoveAt(arguments.Count - 1);
                arguments.AddRange(Argument(option, token.Value));
            }
            else
            {
                arguments.Add(token.Value);
            }

            last = token.Type;
        }

        return arguments;
    }

    /// <summary>A value that begins with a dash would be taken for an option by itself; an empty one is none when it is joined.</summary>
    private static string[] Argument(string option, string value) => value.Length == 0 ? [option, value] : [$"{option}={value}"];

    private static string CamelCase(string name) =>
        Dash().Replace(name, match => match.Groups["letter"].Value.ToUpper(CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();

    [GeneratedRegex("-(?<letter>[a-z])")]
    private static partial Regex Dash();

    [GeneratedRegex(@"--(?<name>[a-z]+(?:-[a-z]+)*)(?: \(MOORING_[A-Z_]+\))?")]
    private static partial Regex OptionName();
}
