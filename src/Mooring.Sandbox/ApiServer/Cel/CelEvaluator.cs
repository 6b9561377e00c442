using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Cel;

/// <summary>Evaluates parsed expressions, within a budget of steps.</summary>
internal sealed class CelEvaluator
{
    /// <summary>Steps for one rule on one value; enough for any rule in use, far from noticeable.</summary>
    private const int MaxSteps = 1_000_000;

    private int _steps;

    private CelEvaluator()
    {
    }

    public static bool Holds(CelNode rule, object? self, object? oldSelf)
    {
        var variables = ImmutableDictionary<string, object?>.Empty.Add("self", self).Add("oldSelf", oldSelf);
        return new CelEvaluator().Evaluate(rule, variables) is bool holds ? holds : throw new CelException("the rule is not a condition");
    }

    private object? Evaluate(CelNode node, ImmutableDictionary<string, object?> variables)
    {
        if (++_steps > MaxSteps)
        {
            throw new CelException("the rule takes too many steps");
        }

        switch (node)
        {
            case CelNode.Literal literal:
                return literal.Value;
            case CelNode.Variable name:
                return variables.TryGetValue(name.Text, out var value) ? value : throw new CelException($"undeclared reference to '{name.Text}'");
            case CelNode.ListOf list:
                return list.Items.Select(i => Evaluate(i, variables)).ToList();
            case CelNode.Select field:
                return CelValues.Index(Evaluate(field.Target, variables), field.Name);
            case CelNode.Index index:
                return CelValues.Index(Evaluate(index.Target, variables), Evaluate(index.Key, variables));
            case CelNode.Has has:
                return Evaluate(has.Field.Target, variables) is JsonObject map && map.ContainsKey(has.Field.Name);
            case CelNode.Unary { Operator: '!' } not:
                return !Condition(not.Operand, variables);
            case CelNode.Unary minus:
                return Evaluate(minus.Operand, variables) switch { long n => (object)-n, double d => -d, _ => throw new CelException("no such overload: -") };
            case CelNode.Choice choice:
                return Evaluate(Condition(choice.Condition, variables) ? choice.Then : choice.Else, variables);
            case CelNode.Call call:
                return CelFunctions.Call(call.Function, [.. call.Arguments.Select(a => Evaluate(a, variables))]);
            case CelNode.Macro macro:
                return Expand(macro, variables);
            default:
                return Combine((CelNode.Binary)node, variables);
        }
    }

    private bool Condition(CelNode node, ImmutableDictionary<string, object?> variables) =>
        Evaluate(node, variables) is bool holds ? holds : throw new CelException("no such overload: a condition is needed");

    private object? Combine(CelNode.Binary binary, ImmutableDictionary<string, object?> variables)
    {
        if (binary.Operator is "&&" or "||")
        {
            return Logical(binary, deciding: binary.Operator == "||", variables);
        }

        var left = Evaluate(binary.Left, variables);
        var right = Evaluate(binary.Right, variables);
        return binary.Operator switch
        {
            "==" => CelValues.Equals(left, right),
            "!=" => !CelValues.Equals(left, right),
            "<" => CelValues.Compare(left, right) < 0,
            "<=" => CelValues.Compare(left, right) <= 0,
            ">" => CelValues.Compare(left, right) > 0,
            ">=" => CelValues.Compare(left, right) >= 0,
            "in" => right switch
            {
                IReadOnlyList<object?> list => list.Any(i => CelValues.Equals(i, left)),
                JsonObject map => left is string key && map.ContainsKey(key),
                _ => throw new CelException("no such overload: in"),
            },
            _ => CelValues.Arithmetic(binary.Operator, left, right),
        };
    }

    /// <summary>In CEL both sides of a logical operator may fail as long as the other one decides.</summary>
    private bool Logical(CelNode.Binary binary, bool deciding, ImmutableDictionary<string, object?> variables)
    {
        CelException? failure = null;
        foreach (var side in (CelNode[])[binary.Left, binary.Right])
        {
            try
            {
                if (Condition(side, variables) == deciding)
                {
                    return deciding;
                }
            }
            catch (CelException e)
            {
                failure = e;
            }
        }

        return failure is null ? !deciding : throw failure;
    }

    private object? Expand(CelNode.Macro macro, ImmutableDictionary<string, object?> variables)
    {
        var range = Evaluate(macro.Range, variables) switch
        {
            IReadOnlyList<object?> list => list,
            JsonObject map => map.Select(p => (object?)p.Key).ToList(),
            _ => throw new CelException($"no such overload: {macro.Kind}"),
        };
        if (macro.Kind == "map")
        {
            return range.Select(i => Evaluate(macro.Body, variables.SetItem(macro.Item, i))).ToList();
        }

        if (macro.Kind == "filter")
        {
            return range.Where(i => Condition(macro.Body, variables.SetItem(macro.Item, i))).ToList();
        }

        if (macro.Kind == "exists_one")
        {
            return range.Count(i => Condition(macro.Body, variables.SetItem(macro.Item, i))) == 1;
        }

        var deciding = macro.Kind == "exists";
        CelException? failure = null;
        foreach (var item in range)
        {
            try
            {
                if (Condition(macro.Body, variables.SetItem(macro.Item, item)) == deciding)
                {
                    return deciding;
                }
            }
            catch (CelException e)
            {
                failure = e;
            }
        }

        return failure is null ? !deciding : throw failure;
    }
}
