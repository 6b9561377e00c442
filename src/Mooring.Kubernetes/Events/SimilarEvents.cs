namespace Mooring.Kubernetes.Events;

/// <summary>The messages of one group that came in quick succession, up to a number of them.</summary>
internal sealed class SimilarEvents
{
    private readonly HashSet<string> _messages = [];

    /// <summary>Timestamp of the last one.</summary>
    public long LastAt { get; private set; }

    /// <returns>True when there are <paramref name="most"/> different messages by now.</returns>
    public bool Add(string message, int most, long now)
    {
        LastAt = now;
        if (_messages.Count < most)
        {
            _messages.Add(message);
        }

        return _messages.Count >= most;
    }
}
