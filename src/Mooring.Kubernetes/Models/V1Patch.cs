namespace k8s.Models;

/// <summary>A patch and how the server is to read it.</summary>
public sealed class V1Patch(string content, V1Patch.PatchType type)
{
    public enum PatchType
    {
        JsonPatch,
        MergePatch,
        ApplyPatch,
    }

    public string Content { get; } = content;

    public PatchType Type { get; } = type;
}
