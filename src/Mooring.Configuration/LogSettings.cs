using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Mooring.Configuration;

/// <summary>How a program logs to its standard output.</summary>
/// <param name="Format"><see cref="Console"/> for people, <see cref="Json"/> for log collectors.</param>
/// <param name="Level">The least that is logged.</param>
public sealed record LogSettings(string Format, LogLevel Level)
{
    public const string Console = "console";
    public const string Json = "json";

    private const string TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static readonly LogSettings Default = new(Console, LogLevel.Information);

    public static Option<string> FormatOption(string? standard = null, string hint = "")
    {
        var option = new Option<string>("--log-format")
        {
            Description = $"How to log, one line for each entry{hint}",
            DefaultValueFactory = _ => standard ?? Console,
        };
        option.AcceptOnlyFromAmong(Console, Json);
        return option;
    }

    public static Option<string> LevelOption(string? standard = null, string hint = "")
    {
        var option = new Option<string>("--log-level")
        {
            Description = $"Least level that is logged{hint}",
            DefaultValueFactory = _ => standard ?? nameof(LogLevel.Information),
        };
        option.AcceptOnlyFromAmong(nameof(LogLevel.Debug), nameof(LogLevel.Information), nameof(LogLevel.Warning), nameof(LogLevel.Error));
        return option;
    }

    public static LogSettings From(ParseResult result, Option<string> format, Option<string> level)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new LogSettings(result.GetValue(format)!, Enum.Parse<LogLevel>(result.GetValue(level)!));
    }

    /// <param name="current">Asked again whenever the options of the log are computed anew.</param>
    public static void Configure(ILoggingBuilder logging, Func<LogSettings> current)
    {
        logging.ClearProviders();
        logging.AddConsole();
        logging.Services.Configure<ConsoleLoggerOptions>(console =>
            console.FormatterName = current().Format == Json ? ConsoleFormatterNames.Json : ConsoleFormatterNames.Simple);
        logging.Services.Configure<JsonConsoleFormatterOptions>(console =>
        {
            console.UseUtcTimestamp = true;
            console.TimestampFormat = TimestampFormat;
        });
        logging.Services.Configure<SimpleConsoleFormatterOptions>(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = $"{TimestampFormat} ";
        });
        logging.Services.Configure<LoggerFilterOptions>(filter =>
        {
            var level = current().Level;
            filter.MinLevel = level;

            // The framework tells of each request.
            filter.Rules.Add(new LoggerFilterRule(
                null, "Microsoft", level > LogLevel.Warning ? level : LogLevel.Warning, null));
        });
    }
}
