using Microsoft.Extensions.Logging;

namespace Mooring.Configuration.Tests;

public sealed class ReloadableCommandTests
{
    private readonly TestCommand _command = new();

    [Fact]
    public void Read_GoodEntries_AreAddedToTheCommandLine()
    {
        var reading = _command.Start("--insecure", "--listen=-x").Read("maxMoves: 20\nlogLevel: Debug\n");

        reading.Errors.ShouldBeEmpty();
        _command.Moves(reading.Result).ShouldBe(20);
        _command.Log(reading.Result).ShouldBe(new LogSettings(LogSettings.Console, LogLevel.Debug));
        _command.Listen(reading.Result).ShouldBe("-x");
        _command.Insecure(reading.Result).ShouldBeTrue();
    }

    [Fact]
    public void Read_EmptyValue_IsOne()
    {
        var reading = _command.Start("--listen", "").Read("otlpEndpoint: ''\n");

        reading.Errors.ShouldBeEmpty();
        _command.Listen(reading.Result).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing yet\n")]
    [InlineData("{}")]
    public void Read_NoEntries_IsTheCommandLineAlone(string text)
    {
        var reading = _command.Start("--max-moves", "7").Read(text);

        reading.Errors.ShouldBeEmpty();
        _command.Moves(reading.Result).ShouldBe(7);
    }

    [Theory]
    [InlineData("maxMoves: 0", "maxMoves: set it from 1 to 1000")]
    [InlineData("maxMoves: -5", "maxMoves: set it from 1 to 1000")]
    [InlineData("maxMoves: many", "maxMoves: ")]
    [InlineData("logFormat: xml", "logFormat: Argument 'xml' not recognized. Must be one of: 'console' 'json'")]
    [InlineData("maxMoves: ", "maxMoves: must have a single value")]
    [InlineData("maxMoves: [1, 2]", "maxMoves: must have a single value")]
    [InlineData("moves: 3", "moves: is not known; known are logFormat, logLevel, maxMoves, otlpEndpoint")]
    [InlineData("max-moves: 3", "max-moves: is not known")]
    [InlineData("listen: x", "listen: cannot change while the program runs; set --listen on its command line and restart it")]
    [InlineData("maxMoves: 1\nmaxMoves: 2", "line 2: ")]
    [InlineData("maxMoves: 'a", "line 1: ")]
    [InlineData("- maxMoves", "must be one YAML mapping")]
    [InlineData("maxMoves: 1\n---\nmaxMoves: 2", "must be one YAML mapping")]
    public void Read_BadEntry_IsNamed(string text, string error)
    {
        _command.Start().Read(text).Errors.ShouldHaveSingleItem().ShouldStartWith(error);
    }

    [Fact]
    public void Read_SeveralBadEntries_AreAllNamed()
    {
        _command.Start().Read("moves: 3\nlisten: x\n").Errors.Count.ShouldBe(2);
        _command.Start().Read("maxMoves: many\nlogLevel: Loud\n").Errors.Count.ShouldBe(2);
    }

    [Fact]
    public void Read_EntryThatTheCommandLineGivesToo_IsNamed()
    {
        _command.Start("--max-moves=7").Read("maxMoves: 20").Errors.ShouldHaveSingleItem()
            .ShouldBe("maxMoves: is given by --max-moves on the command line too; leave one of them out");
    }
}
