using System.CommandLine;

namespace Mooring.Configuration.Tests;

/// <summary>A program with options that can be in its file and two that cannot.</summary>
internal sealed class TestCommand
{
    private readonly Option<int> _moves = new("--max-moves") { DefaultValueFactory = _ => 10 };
    private readonly Option<string> _listen = new("--listen") { DefaultValueFactory = _ => "" };
    private readonly Option<bool> _insecure = new("--insecure");
    private readonly Option<string> _otlp = new("--otlp-endpoint") { DefaultValueFactory = _ => "http://collector" };
    private readonly Option<string> _format = LogSettings.FormatOption();
    private readonly Option<string> _level = LogSettings.LevelOption();

    public ReloadableCommand Start(params string[] arguments) => new(
        new RootCommand { new Command("run") { _moves, _listen, _insecure, _otlp, _format, _level } }.Parse(["run", .. arguments]),
        [_moves, _otlp, _format, _level],
        result => Moves(result) is >= 1 and <= 1000 ? [] : ["--max-moves (MOORING_MAX_MOVES): set it from 1 to 1000"]);

    public int Moves(ParseResult result) => result.GetValue(_moves);

    public string Listen(ParseResult result) => result.GetValue(_listen)!;

    public bool Insecure(ParseResult result) => result.GetValue(_insecure);

    public LogSettings Log(ParseResult result) => LogSettings.From(result, _format, _level);
}
