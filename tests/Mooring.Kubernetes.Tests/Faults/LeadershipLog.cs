using Mooring.Kubernetes.LeaderElection;

namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>
/// Which term of which candidate did a leader's work, in order. Two terms overlap when one is heard of again after
/// another began.
/// </summary>
internal sealed class LeadershipLog
{
    private readonly Lock _lock = new();
    private readonly List<(string Candidate, int Term)> _terms = [];

    public int Terms
    {
        get
        {
            lock (_lock)
            {
                return _terms.Count;
            }
        }
    }

    public string? Overlap { get; private set; }

    /// <summary>Notes that the candidate leads, if it does at this moment.</summary>
    public void Note(string candidate, int term, LeaderElector elector)
    {
        lock (_lock)
        {
            // Asked under the lock, so that notes stand in the order of their truths.
            if (!elector.IsLeader || (_terms.Count > 0 && _terms[^1] == (candidate, term)))
            {
                return;
            }

            if (_terms.Contains((candidate, term)))
            {
                Overlap ??= $"{candidate} in its term {term} and {_terms[^1].Candidate} led at once";
            }

            _terms.Add((candidate, term));
        }
    }
}
