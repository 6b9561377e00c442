using System.CommandLine;

namespace Mooring.Configuration;

/// <summary>What a configuration file comes to.</summary>
/// <param name="Result">The command line with the file's entries, to be used when there are no errors.</param>
/// <param name="Entries">The file's own, by name.</param>
/// <param name="Errors">Each begins with the name of the entry it is about.</param>
public sealed record ConfigReading(ParseResult Result, IReadOnlyDictionary<string, string> Entries, IReadOnlyList<string> Errors)
{
    public bool IsGood => Errors.Count == 0;
}
