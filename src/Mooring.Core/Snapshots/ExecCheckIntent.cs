using System.Collections.Immutable;

namespace Mooring.Core.Snapshots;

/// <summary>A program of the operator's directory, run without a shell.</summary>
public sealed record ExecCheckIntent
{
    /// <summary>File name without any directory.</summary>
    public required string Program { get; init; }

    public ImmutableArray<string> Arguments { get; init; } = [];

    /// <summary>Letters, digits, '.', '_' and '-', not beginning with a dot: it names a file and nothing else.</summary>
    public static bool IsProgramName(string name) =>
        name.Length is > 0 and <= 128 && name[0] != '.'
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    public bool Equals(ExecCheckIntent? other) =>
        other is not null && Program == other.Program && Arguments.AsSpan().SequenceEqual(other.Arguments.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Program, Arguments.Length);
}
