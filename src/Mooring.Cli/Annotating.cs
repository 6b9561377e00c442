using k8s;
using k8s.Models;

namespace Mooring.Cli;

/// <summary>The patch that sets one annotation, or removes it.</summary>
internal static class Annotating
{
    public static V1Patch Patch(string annotation, string? value) => new(
        KubernetesJson.Serialize(new Dictionary<string, object>
        {
            ["metadata"] = new Dictionary<string, object> { ["annotations"] = new Dictionary<string, string?> { [annotation] = value } },
        }),
        V1Patch.PatchType.MergePatch);
}
