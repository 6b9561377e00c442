namespace Mooring.Api.Schema;

/// <summary>A rule over several fields, in CEL, checked by the API server (<c>x-kubernetes-validations</c>).</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class ValidationRuleAttribute(int order, string rule, string message) : Attribute
{
    public int Order { get; } = order;

    public string Rule { get; } = rule;

    public string Message { get; } = message;
}
