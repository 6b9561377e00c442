using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.Tests.KubeApi.Schema;

public sealed class SchemaValidatorTests
{
    [Theory]
    [InlineData("{type: integer}", "\"x\"", "spec.f: Invalid value: \"string\": spec.f in body must be of type integer: \"string\"")]
    [InlineData("{type: integer, maximum: 65535}", "70000", "spec.f: Invalid value: 70000: spec.f in body should be less than or equal to 65535")]
    [InlineData("{type: integer, minimum: 1}", "0", "spec.f: Invalid value: 0: spec.f in body should be greater than or equal to 1")]
    [InlineData("{type: number, minimum: 1, exclusiveMinimum: true}", "1", "spec.f: Invalid value: 1: spec.f in body should be greater than 1")]
    [InlineData("{type: integer, multipleOf: 5}", "7", "spec.f: Invalid value: 7: spec.f in body should be a multiple of 5")]
    [InlineData("{type: string, enum: [A, B]}", "\"C\"", "spec.f: Unsupported value: \"C\": supported values: \"A\", \"B\"")]
    [InlineData("{type: string, pattern: '^a$'}", "\"b\"", "spec.f: Invalid value: \"b\": spec.f in body should match '^a$'")]
    [InlineData("{type: string, maxLength: 2}", "\"abc\"", "spec.f: Too long: may not be more than 2 bytes")]
    [InlineData("{type: string, minLength: 2}", "\"a\"", "spec.f: Invalid value: \"a\": spec.f in body should be at least 2 chars long")]
    [InlineData("{type: string, format: ipv4}", "\"300.1.1.1\"", "spec.f: Invalid value: \"300.1.1.1\": spec.f in body must be of type ipv4: \"300.1.1.1\"")]
    [InlineData("{type: array, maxItems: 1, items: {type: integer}}", "[1,2]", "spec.f: Too many: 2: must have at most 1 items")]
    [InlineData("{type: array, minItems: 1, items: {type: integer}}", "[]", "spec.f: Invalid value: 0: spec.f in body should have at least 1 items")]
    [InlineData("{type: array, x-kubernetes-list-type: set, items: {type: string}}", "[\"a\",\"a\"]", "spec.f[1]: Duplicate value: \"a\"")]
    [InlineData(
        "{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: {type: object, required: [k], properties: {k: {type: integer}}}}",
        "[{\"k\":1},{\"k\":1}]", "spec.f[1]: Duplicate value: {\"k\":1}")]
    [InlineData("{type: object, required: [x], properties: {x: {type: string}}}", "{}", "spec.f.x: Required value")]
    [InlineData("{type: string}", "null", "spec.f: Invalid value: \"null\": spec.f in body must be of type string: \"null\"")]
    [InlineData("{x-kubernetes-int-or-string: true}", "true", "spec.f: Invalid value: \"boolean\": spec.f in body must be of type integer,string: \"boolean\"")]
    [InlineData("{type: object, additionalProperties: {type: integer}}", "{\"a\":\"b\"}", "spec.f.a: Invalid value: \"string\": spec.f.a in body must be of type integer: \"string\"")]
    [InlineData("{type: integer, not: {enum: [3]}}", "3", "spec.f: Invalid value: \"\": \"spec.f\" must not validate the schema (not)")]
    public void Validate_BadValue_IsWordedAsUpstream(string schema, string value, string expected) =>
        Validate(schema, value).ShouldBe([expected]);

    [Theory]
    [InlineData("{type: string, nullable: true}", "null")]
    [InlineData("{x-kubernetes-int-or-string: true}", "\"50%\"")]
    [InlineData("{x-kubernetes-int-or-string: true}", "5")]
    [InlineData("{type: number}", "1.5")]
    [InlineData("{type: string, format: duration}", "\"1h30m\"")]
    [InlineData("{type: string, format: date-time}", "\"2026-01-02T03:04:05Z\"")]
    [InlineData("{type: string, format: cidr}", "\"10.0.0.0/8\"")]
    [InlineData("{type: string, format: made-up}", "\"anything\"")]
    [InlineData("{type: object, oneOf: [{required: [a]}, {required: [b]}], properties: {a: {type: string}, b: {type: string}}}", "{\"a\":\"x\"}")]
    public void Validate_GoodValue_Passes(string schema, string value) => Validate(schema, value).ShouldBeEmpty();

    [Theory]
    [InlineData("{}", "Found none valid")]
    [InlineData("{\"a\":\"x\",\"b\":\"y\"}", "Found 2 valid alternatives")]
    public void Validate_OneOf_WantsExactlyOne(string value, string expected) =>
        Validate("{type: object, oneOf: [{required: [a]}, {required: [b]}], properties: {a: {type: string}, b: {type: string}}}", value)[0].ShouldContain(expected);

    [Fact]
    public void Prune_UnknownFields_AreRemovedAndNamed()
    {
        var schema = SchemaOf("{type: object, properties: {a: {type: string}, open: {type: object, x-kubernetes-preserve-unknown-fields: true}, l: {type: array, items: {type: object, properties: {k: {type: string}}}}}}");
        var value = JsonNode.Parse("""{"spec":{"f":{"a":"1","b":2,"open":{"x":1},"l":[{"k":"1","z":0}]}}}""")!;

        SchemaPruner.Prune(value, schema).ShouldBe(["spec.f.b", "spec.f.l[0].z"]);

        value.ToJsonString().ShouldBe("""{"spec":{"f":{"a":"1","open":{"x":1},"l":[{"k":"1"}]}}}""");
    }

    [Fact]
    public void Defaults_AbsentAndNull_AreFilledIn()
    {
        var schema = SchemaOf("{type: object, properties: {a: {type: integer, default: 3}, b: {type: string, default: x}, n: {type: string, nullable: true, default: y}}}");
        var value = JsonNode.Parse("""{"spec":{"f":{"b":null,"n":null}}}""")!;

        SchemaDefaulter.Apply(value, schema);

        value.ToJsonString().ShouldBe("""{"spec":{"f":{"n":null,"a":3,"b":"x"}}}""");
    }

    [Theory]
    [InlineData("{type: array}", "items: Required value: must be specified")]
    [InlineData("{type: banana}", "Unsupported value: \"banana\"")]
    [InlineData("{properties: {a: {type: string}}}", "must not be empty for specified object fields")]
    [InlineData("{type: string, pattern: '['}", "must be a valid regular expression")]
    [InlineData("{type: array, x-kubernetes-list-type: map, items: {type: object}}", "must not be empty if x-kubernetes-list-type is map")]
    public void ReadRoot_NotStructural_IsReported(string schema, string expected)
    {
        var errors = new List<FieldError>();
        SchemaOf(schema, errors);
        errors.ShouldContain(e => e.ToString().Contains(expected));
    }

    [Fact]
    public void Builtins_EveryKind_HasItsSchema() =>
        Mooring.Sandbox.KubeApi.Resources.BuiltinResources.All.ShouldAllBe(t => t.Schema.Properties.ContainsKey("metadata"));

    private static List<string> Validate(string schema, string value) =>
        [.. SchemaValidator.Validate(JsonNode.Parse("{\"spec\":{\"f\":" + value + "}}"), SchemaOf(schema)).Select(e => e.ToString())];

    private static ObjectSchema SchemaOf(string field, List<FieldError>? errors = null)
    {
        var source = (JsonObject)YamlBody.Parse($"{{type: object, properties: {{spec: {{type: object, properties: {{f: {field}}}}}}}}}")!;
        return new CrdSchemaReader(errors ?? []).ReadRoot(source, "schema");
    }
}
