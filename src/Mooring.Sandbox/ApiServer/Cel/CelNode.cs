namespace Mooring.Sandbox.KubeApi.Cel;

/// <summary>A parsed expression.</summary>
internal abstract record CelNode
{
    public sealed record Literal(object? Value) : CelNode;

    public sealed record Variable(string Text) : CelNode;

    public sealed record ListOf(IReadOnlyList<CelNode> Items) : CelNode;

    public sealed record Select(CelNode Target, string Name) : CelNode;

    public sealed record Index(CelNode Target, CelNode Key) : CelNode;

    public sealed record Has(Select Field) : CelNode;

    public sealed record Unary(char Operator, CelNode Operand) : CelNode;

    public sealed record Binary(string Operator, CelNode Left, CelNode Right) : CelNode;

    public sealed record Choice(CelNode Condition, CelNode Then, CelNode Else) : CelNode;

    /// <summary>A function or, with the receiver as first argument, a method.</summary>
    public sealed record Call(string Function, IReadOnlyList<CelNode> Arguments) : CelNode;

    /// <summary><c>all</c>, <c>exists</c>, <c>exists_one</c>, <c>filter</c> or <c>map</c> with its variable.</summary>
    public sealed record Macro(string Kind, CelNode Range, string Item, CelNode Body) : CelNode;
}
