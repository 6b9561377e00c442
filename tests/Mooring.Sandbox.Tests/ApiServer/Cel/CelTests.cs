using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Cel;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.Tests.KubeApi.Cel;

public sealed class CelTests
{
    private const string Self = """{"a":1,"s":"text","l":[1,2,3],"ports":[{"port":80,"protocol":"TCP"},{"port":80,"protocol":"UDP"}],"m":{"x":1},"d":"1h30m","n":null}""";

    [Theory]
    [InlineData("has(self.a) != has(self.b)", true)]
    [InlineData("self.ports.all(p, self.ports.exists_one(q, q.port == p.port && q.protocol == p.protocol))", true)]
    [InlineData("self.ports.exists_one(p, p.port == 80)", false)]
    [InlineData("[has(self.a), has(self.b), has(self.s)].filter(x, x).size() == 2", true)]
    [InlineData("self.l.map(x, x * 2) == [2, 4, 6] && self.l.sum() == 6", true)]
    [InlineData("self.a + 1 == 2 && self.a - 2 == -1 && 7 % 4 == 3", true)]
    [InlineData("1 + 2 * 3 == 7 && (1 + 2) * 3 == 9", true)]
    [InlineData("self.s.startsWith('te') && self.s.matches('^t.*t$') && size(self.s) == 4", true)]
    [InlineData("2 in self.l && !('y' in self.m) && 'x' in self.m", true)]
    [InlineData("self.m.all(k, self.m[k] == 1)", true)]
    [InlineData("self.a > 0 ? self.s == 'text' : false", true)]
    [InlineData("self.missing == 1 || true", true)]
    [InlineData("false && self.missing == 1", false)]
    [InlineData("self.l.exists(x, x > 2 || x / 0 == 1)", true)]
    [InlineData("duration(self.d) > duration('89m59s')", true)]
    [InlineData("isIP('10.0.0.1') && isCIDR('10.0.0.0/8') && !isIP('10.0.0')", true)]
    [InlineData("self.n == null && 1.0 == 1", true)]
    public void Holds_Rule_GivesItsTruth(string rule, bool expected) =>
        CelEvaluator.Holds(CelParser.Parse(rule), JsonNode.Parse(Self), null).ShouldBe(expected);

    [Theory]
    [InlineData("self.missing == 1", "no such key: missing")]
    [InlineData("self.l[9] == 1", "index out of bounds: 9")]
    [InlineData("self.a / 0 == 1", "division by zero")]
    [InlineData("self.s > 1", "no such overload")]
    [InlineData("self.a", "not a condition")]
    [InlineData("other == 1", "undeclared reference to 'other'")]
    public void Holds_RuleFails_SaysWhy(string rule, string message) =>
        Should.Throw<CelException>(() => CelEvaluator.Holds(CelParser.Parse(rule), JsonNode.Parse(Self), null)).Message.ShouldContain(message);

    [Theory]
    [InlineData("self.url.parse()", "parse()")]
    [InlineData("quantity(self.x).isGreaterThan(quantity('1'))", "quantity()")]
    [InlineData("self.?a.orValue(1) == 1", "'?'")]
    [InlineData("self.a ==", "'end'")]
    [InlineData("'open", "unterminated")]
    public void Parse_Unknown_IsNamed(string rule, string what) =>
        Should.Throw<CelUnsupportedException>(() => CelParser.Parse(rule)).Message.ShouldContain(what);

    [Fact]
    public void Parse_NestedTooDeep_IsRefused() =>
        Should.Throw<CelUnsupportedException>(() => CelParser.Parse(new string('(', 5000) + "1" + new string(')', 5000)));

    [Fact]
    public void Validate_RuleBelowAList_NamesTheItemAndUsesTheMessage()
    {
        var schema = Schema("""
            type: object
            properties:
              ports:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties: {name: {type: string}, port: {type: integer}}
                  x-kubernetes-validations:
                  - {rule: 'self.port != 22', message: port 22 is taken}
                  - {rule: 'self.port == oldSelf.port', fieldPath: .port, reason: FieldValueForbidden}
            """);
        var before = JsonNode.Parse("""{"spec":{"ports":[{"name":"a","port":1},{"name":"b","port":2}]}}""");
        var after = JsonNode.Parse("""{"spec":{"ports":[{"name":"new","port":22},{"name":"b","port":3}]}}""");

        Errors(after, before, schema).ShouldBe(
        [
            "spec.ports[0]: Invalid value: \"object\": port 22 is taken",
            "spec.ports[1].port: Forbidden: failed rule: self.port == oldSelf.port",
        ]);
        Errors(after, null, schema).Count.ShouldBe(1, "a transition rule is not run on create");
    }

    private static List<string> Errors(JsonNode? next, JsonNode? current, ObjectSchema schema)
    {
        var errors = new List<FieldError>();
        CelValidation.Validate(next, current, schema, errors);
        return [.. errors.Select(e => e.ToString())];
    }

    private static ObjectSchema Schema(string spec) => new CrdSchemaReader([]).ReadRoot(
        new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["spec"] = YamlBody.Parse(spec) } }, "schema");
}
