namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>Where the <c>scale</c> subresource finds its numbers, as dotted paths from the object's root.</summary>
internal sealed record ScaleSubresource(string SpecReplicas, string StatusReplicas, string? LabelSelector);
