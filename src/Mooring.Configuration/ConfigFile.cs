using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Mooring.Configuration;

/// <summary>A program's configuration file and what is in force of it, which is its last good state.</summary>
/// <param name="path">Null for a program that was given none.</param>
public sealed class ConfigFile(ReloadableCommand command, string? path)
{
    private const int MaxBytes = 64 * 1024;

    private readonly Lock _gate = new();
    private ConfigurationReloadToken _changed = new();
    private string? _lastText;
    private ConfigReading? _last;
    private ConfigReading? _inForce;

    public string? Path => path;

    /// <summary>What the file came to when it was read last.</summary>
    public ConfigReading? Last
    {
        get
        {
            lock (_gate)
            {
                return _last;
            }
        }
    }

    /// <summary>The command line with the entries in force.</summary>
    public ParseResult Current
    {
        get
        {
            lock (_gate)
            {
                return _inForce?.Result ?? command.CommandLine;
            }
        }
    }

    /// <summary>The option of the command line that names the file.</summary>
    public static Option<string?> Option(string? standard = null, string hint = "") => new("--config")
    {
        Description = "YAML file of options that can change while the program runs, such as logLevel: Debug"
            + $"; it is read again when it changes and on SIGHUP{hint}",
        DefaultValueFactory = _ => standard,
    };

    /// <summary>Reads the file, and puts it in force when it is good.</summary>
    /// <returns>Null when it came to the same the last time.</returns>
    public ConfigReading? Read()
    {
        ConfigReading reading;
        ConfigurationReloadToken changed;
        lock (_gate)
        {
            var (text, problem) = ReadText();
            if (_last is not null && text == _lastText && (text is not null || _last.Errors.Contains(problem)))
            {
                return null;
            }

            reading = text is null
                ? new ConfigReading(command.CommandLine, new Dictionary<string, string>(StringComparer.Ordinal), [problem])
                : command.Read(text);
            (_lastText, _last) = (text, reading);
            if (!reading.IsGood)
            {
                return reading;
            }

            _inForce = reading;
            (changed, _changed) = (_changed, new ConfigurationReloadToken());
        }

        changed.OnReload();
        return reading;
    }

    /// <summary>Fires at the next change of what is in force.</summary>
    public IChangeToken Watch()
    {
        lock (_gate)
        {
            return _changed;
        }
    }

    private (string? Text, string Problem) ReadText()
    {
        try
        {
            return new FileInfo(path!).Length > MaxBytes
                ? (null, string.Create(CultureInfo.InvariantCulture, $"must not have more than {MaxBytes} bytes"))
                : (File.ReadAllText(path!), "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, e.Message);
        }
    }
}
