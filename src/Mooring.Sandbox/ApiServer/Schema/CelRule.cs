using Mooring.Sandbox.KubeApi.Cel;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>One entry of <c>x-kubernetes-validations</c>.</summary>
internal sealed class CelRule
{
    public CelRule(string rule, string? message, string? reason, string? fieldPath)
    {
        (Rule, Message, Reason, FieldPath) = (rule, message, reason, fieldPath);
        try
        {
            Expression = CelParser.Parse(rule);
        }
        catch (CelUnsupportedException e)
        {
            NotEvaluated = e.Message;
        }
    }

    public string Rule { get; }

    public string? Message { get; }

    public string? Reason { get; }

    public string? FieldPath { get; }

    /// <summary>Null when the rule uses what this server does not know; writes are then answered with a warning.</summary>
    public CelNode? Expression { get; }

    /// <summary>What is not known, in that case.</summary>
    public string? NotEvaluated { get; }

    /// <summary>Whether it compares with the state before, and is therefore not checked on create.</summary>
    public bool IsTransition => Rule.Contains("oldSelf", StringComparison.Ordinal);
}
