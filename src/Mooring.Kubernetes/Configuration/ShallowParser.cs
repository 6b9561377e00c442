using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace k8s.KubeConfigModels;

/// <summary>Refuses YAML nested so deep that reading it would exhaust the stack.</summary>
internal sealed class ShallowParser(IParser inner) : IParser
{
    /// <summary>A kubeconfig is seven levels deep; extensions may hold a few more.</summary>
    private const int MaxDepth = 64;

    private int _depth;

    public ParsingEvent? Current => inner.Current;

    public bool MoveNext()
    {
        var moved = inner.MoveNext();
        _depth += moved ? inner.Current!.NestingIncrease : 0;
        return _depth <= MaxDepth
            ? moved
            : throw new YamlException(inner.Current!.Start, inner.Current.End, $"nested more than {MaxDepth} deep");
    }
}
