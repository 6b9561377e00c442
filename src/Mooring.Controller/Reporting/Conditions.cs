using k8s.Models;

namespace Mooring.Controller.Reporting;

/// <summary>The conditions of one object; a transition time changes only when the status does.</summary>
internal sealed class Conditions(IList<V1Condition>? previous, long? generation, DateTime now)
{
    // apimachinery refuses longer ones.
    private const int MaxMessage = 1024;

    private readonly List<V1Condition> _conditions = [];

    public IList<V1Condition> All => _conditions;

    public void Set(string type, bool? status, string reason, string message)
    {
        var text = status switch { true => "True", false => "False", null => "Unknown" };
        var before = previous?.FirstOrDefault(condition => condition.Type == type);
        _conditions.Add(new V1Condition
        {
            Type = type,
            Status = text,
            Reason = reason,
            Message = message.Length <= MaxMessage ? message : string.Concat(message.AsSpan(0, MaxMessage - 1), "…"),
            ObservedGeneration = generation,
            LastTransitionTime = before?.Status == text && before.LastTransitionTime is { } time ? time : now,
        });
    }

    /// <summary>The first condition that is False, in the order they were set.</summary>
    public V1Condition? FirstFalse() => _conditions.Find(condition => condition.Status == "False");
}
