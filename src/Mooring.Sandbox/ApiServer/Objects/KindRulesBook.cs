using Mooring.Sandbox.KubeApi.Resources;

namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>The rules of the kinds that have any.</summary>
internal sealed class KindRulesBook(IReadOnlyDictionary<string, IKindRules> byResource)
{
    public IKindRules? For(ResourceType type) => byResource.GetValueOrDefault(type.GroupResource);
}
