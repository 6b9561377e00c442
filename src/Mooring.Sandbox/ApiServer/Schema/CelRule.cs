namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>One entry of <c>x-kubernetes-validations</c>.</summary>
internal sealed record CelRule(string Rule, string? Message, string? Reason, string? FieldPath);
