using System.Collections.Immutable;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>Collects everything that is wrong, up to a bound.</summary>
internal sealed class ProblemList
{
    private readonly List<Problem> _problems = [];
    private int _more;

    public bool IsEmpty => _problems.Count == 0;

    public void Add(string owner, string field, string message)
    {
        if (_problems.Count < SnapshotLimits.MaxProblems - 1)
        {
            _problems.Add(new Problem { Object = owner, Field = field, Message = message });
        }
        else
        {
            _more++;
        }
    }

    public ImmutableArray<Problem> ToImmutable() => _more == 0
        ? [.. _problems]
        : [.. _problems, new Problem { Message = $"and {_more} more problems" }];
}
