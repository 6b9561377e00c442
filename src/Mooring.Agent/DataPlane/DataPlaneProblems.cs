using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.DataPlane;

/// <summary>What the kernel refused in the last attempt: says it once, and whom it concerns.</summary>
internal sealed partial class DataPlaneProblems(ILogger logger)
{
    /// <summary>What is wrong with all of ten thousand services makes no readable line.</summary>
    public const int MostNamed = 5;

    /// <summary>Attempts in a row that are not chance.</summary>
    private const int LastingFailures = 3;

    private ImmutableArray<Problem> _told = [];
    private int _count;

    /// <summary>It is no longer what the last answer to a snapshot said: it was mended, or fails now and goes on failing.</summary>
    public event Action<ImmutableArray<Problem>>? Changed;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    public ImmutableArray<Problem> Known { get; private set; } = [];

    /// <summary>Attempts in a row that failed.</summary>
    public int Failures { get; private set; }

    /// <param name="problems">What came of an attempt.</param>
    /// <param name="answered">Somebody waited for the attempt and is told.</param>
    public void Take(ImmutableArray<Problem> problems, bool answered)
    {
        Failures = problems.IsEmpty ? 0 : Failures + 1;
        Volatile.Write(ref _count, problems.Length);

        // The same refusal on every retry is said once.
        if (!problems.SequenceEqual(Known))
        {
            Known = problems;
            Say();
        }

        if ((answered || problems.IsEmpty || Failures >= LastingFailures) && !problems.SequenceEqual(_told))
        {
            _told = problems;
            if (!answered)
            {
                Changed?.Invoke(problems);
            }
        }
    }

    private void Say()
    {
        if (Known.IsEmpty)
        {
            Log.Whole(logger);
        }
        else
        {
            Log.Refused(logger, Known.Length, string.Join("; ", Known.Take(MostNamed).Select(problem => $"{problem.Object} {problem.Message}".Trim())));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The kernel is not as planned, with {Count} problems: {Problems}")]
        public static partial void Refused(ILogger logger, int count, string problems);

        [LoggerMessage(LogLevel.Information, "The kernel is as planned again")]
        public static partial void Whole(ILogger logger);
    }
}
