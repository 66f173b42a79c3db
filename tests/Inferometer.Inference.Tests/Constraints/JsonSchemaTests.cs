using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Inferometer.Core;
using Inferometer.Inference.Constraints;
using Json.Schema;

namespace Inferometer.Inference.Tests.Constraints;

public sealed partial class JsonSchemaTests
{
    private static readonly EvaluationOptions Strict = new() { RequireFormatValidation = true };

    private static bool Fulfils(string schema, string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return JsonSchema.FromText(schema).Evaluate(document.RootElement, Strict).IsValid;
    }

    [Theory]
    [InlineData("""{"type":"array","contains":{"type":"integer"},"maxContains":1,"maxItems":6}""")]
    [InlineData("""{"type":"array","contains":{"type":"string","maxLength":2},"minContains":0,"maxContains":2,"items":{"type":["string","boolean"],"maxLength":4},"maxItems":5}""")]
    [InlineData("""{"type":"array","contains":{"const":1},"minContains":2,"maxContains":3,"prefixItems":[{"type":"integer","minimum":0,"maximum":3}],"items":{"type":"integer","minimum":0,"maximum":4},"maxItems":7}""")]
    [InlineData("""{"type":["array","null"],"contains":{"type":"null"},"minContains":3,"maxContains":2}""")]
    public void No_more_elements_are_of_a_kind_than_may_be(string schema)
    {
        Sampled sampled = new(OutputConstraint.FromJsonSchema(schema));
        for (int seed = 0; seed < 60; seed++)
        {
            (string json, bool isWhole) = sampled.Next(seed, 300);
            Assert.True(isWhole);
            Assert.True(Fulfils(schema, json), json);
        }
    }

    /// <summary>Judged by an implementation of JSON Schema that has nothing in common with this one.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_is_sampled_under_a_random_schema_fulfils_it(int part)
    {
        int sampledTexts = 0;
        for (int seed = part * 60; seed < (part + 1) * 60; seed++)
        {
            JsonObject schema = new RandomSchemas(seed).Next();
            string text = schema.ToJsonString();
            Sampled sampled;
            try
            {
                sampled = new Sampled(OutputConstraint.FromJsonSchema(text));
            }
            catch (InferometerException error)
            {
                // Alternatives of oneOf that are alike, or members that contradict each other: said, not left out.
                Assert.True(Refused().IsMatch(error.Message), error.Message);
                continue;
            }

            JsonSchema judge = JsonSchema.FromText(text);
            for (int round = 0; round < 8; round++)
            {
                (string json, bool isWhole) = sampled.Next((seed * 100) + round, 600);
                Assert.True(isWhole, text);
                using JsonDocument document = JsonDocument.Parse(json);
                if (new StringInfo(json).LengthInTextElements != json.EnumerateRunes().Count())
                {
                    continue; // the judge counts a letter and its accent as one, JSON Schema as two
                }

                Assert.True(judge.Evaluate(document.RootElement, Strict).IsValid, $"{text}\n{json}");
                sampledTexts++;
            }
        }

        Assert.True(sampledTexts > 300);
    }

    [Theory]
    [InlineData("""{"type":"integer","minimum":-5,"maximum":17}""", "-5 -1 0 9 17", "-6 18 1.0 -0 05")]
    [InlineData("""{"type":"integer","exclusiveMinimum":99,"maximum":1203}""", "100 999 1000 1203", "99 1204 12030")]
    [InlineData("""{"type":"number","minimum":0,"exclusiveMaximum":1}""", "0 0.5 0.05 0.999", "1 1.0 -0.1 00.5")]
    [InlineData("""{"type":"number","minimum":-1.25,"maximum":-0.5}""", "-1 -0.5 -1.25 -0.75 -1.125", "0 -1.26 -0.4 -1.251 0.5")]
    [InlineData("""{"type":"number","minimum":0,"maximum":1}""", "0 0.5 1 1.0", "1.5 1.01 -0.5")]
    [InlineData("""{"type":"number","exclusiveMinimum":0}""", "0.5 0.05 0.0000001 1.5", "0 0.0 0.000 -1")]
    [InlineData("""{"type":"number","exclusiveMinimum":2.5,"maximum":3}""", "2.51 2.5001 2.6 3", "2.5 2.50 2.500 2.4999 3.0001")]
    [InlineData("""{"type":"number","minimum":-1,"exclusiveMaximum":0}""", "-0.05 -0.001 -1 -0.5", "0 -0 -0.0 -0.00 0.1 -1.01")]
    [InlineData("""{"type":"number","minimum":0.5,"maximum":2.5}""", "0.5 1 2 2.5", "0.4 2.6 3")]
    [InlineData("""{"enum":["km/h","m"]}""", "\"km/h\" \"m\"", "\"km\"")]
    [InlineData("""{"type":"string","pattern":"^.{1,4}$"}""", "\"ab\" \"a\\\"b\"", "\"a\"b\" \"abcde\"")]
    [InlineData("""{"type":"string","pattern":"^[^x]+$","maxLength":2}""", "\"ab\" \"\\\"\"", "\"a\"b\" \"abc\"")]
    [InlineData("""{"type":"string","minLength":3,"maxLength":3}""", "\"a/b\" \"a\\nb\" \"a\\\"b\"", "\"ab\" \"a\\nbc\"")]
    [InlineData("""{"type":"string","maxLength":2}""", "\"\" \"ab\" \"中é\" \"\\n\"", "\"abc\" ab")]
    [InlineData("""{"enum":["a",1,null]}""", "\"a\" 1 null", "\"b\" 2 true")]
    [InlineData("""{"type":["string","null"],"enum":["a",1,null]}""", "\"a\" null", "1")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"},{"type":"boolean"}],"minItems":1,"maxItems":3,"items":{"type":"null"}}""", "[1] [1,true] [1,true,null]", "[] [true] [1,true,null,null] [1,2]")]
    [InlineData("""{"type":"array","items":{"const":7},"minItems":2}""", "[7,7] [7,7,7]", "[] [7] [7,8]")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"}},"required":["b"]}""", "{\"b\":null} {\"a\":1,\"b\":null}", "{} {\"a\":1} {\"b\":null,\"a\":1} {\"b\":null,\"c\":1}")]
    [InlineData("""{"type":"object","properties":{"ab":{}},"additionalProperties":{"type":"integer"}}""", "{\"ab\":[],\"a\":1,\"abc\":2} {\"x\":1}", "{\"a\":true} {\"ab\":1,\"ab\":2}")]
    [InlineData("""{"type":"string","pattern":"^(?:a|b\\d)+$"}""", "\"a\" \"ab7a\"", "\"\" \"b\" \"ac\"")]
    [InlineData("""{"type":"string","pattern":"b+"}""", "\"b\" \"abbc\" \"b\\\"\"", "\"\" \"ac\"")]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$","minLength":2,"maxLength":3}""", "\"ab\" \"abc\"", "\"a\" \"abcd\" \"a1\"")]
    [InlineData("""{"allOf":[{"properties":{"a":{"minimum":3}}},{"type":"object","properties":{"a":{"type":"integer","maximum":4}},"required":["a"]}]}""", "{\"a\":3} {\"a\":4}", "{} {\"a\":2} {\"a\":5}")]
    [InlineData("""{"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[{"type":"null"},{"type":"array","items":{"$ref":"#/$defs/n"}}]}}}""", "null [] [null,[[]]]", "1 [1]")]
    [InlineData("""{"type":"integer","multipleOf":7,"minimum":-20,"maximum":50}""", "-14 -7 0 7 49", "-21 1 50 56 -0")]
    [InlineData("""{"type":"number","multipleOf":0.25}""", "0 -0.5 12.25 3 1000.75", "0.1 12.3 0.251 1e3")]
    [InlineData("""{"type":"object","patternProperties":{"^n":{"type":"integer"}},"additionalProperties":{"type":"null"}}""", "{} {\"n\":1,\"n2\":2} {\"a\":null}", "{\"n\":null} {\"a\":1}")]
    [InlineData("""{"type":"object","properties":{"no":{"minimum":3}},"patternProperties":{"^n":{"type":"integer"}},"additionalProperties":false}""", "{\"no\":3} {\"no\":4,\"n\":1}", "{\"no\":2} {\"a\":1}")]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3}},"required":["b"],"minProperties":2,"maxProperties":2}""", "{\"a\":1,\"b\":2} {\"b\":2,\"c\":3}", "{\"b\":2} {\"a\":1,\"b\":2,\"c\":3}")]
    [InlineData("""{"type":"object","minProperties":1,"maxProperties":2}""", "{\"a\":1} {\"a\":1,\"b\":2}", "{} {\"a\":1,\"b\":2,\"c\":3}")]
    [InlineData("""{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"dependentRequired":{"a":["b"]}}""", "{} {\"b\":2} {\"a\":1,\"b\":2}", "{\"a\":1}")]
    [InlineData("""{"type":"object","properties":{"k":{"enum":["a","b"]},"n":{"const":0}},"if":{"properties":{"k":{"const":"a"}},"required":["k"]},"then":{"required":["n"]},"else":{"properties":{"n":false}}}""", "{\"k\":\"a\",\"n\":0} {\"k\":\"b\"} {}", "{\"k\":\"a\"} {\"k\":\"b\",\"n\":0} {\"n\":0}")]
    [InlineData("""{"type":["string","boolean"],"not":{"enum":["ab",true]}}""", "\"a\" \"abc\" false", "\"ab\" true")]
    [InlineData("""{"type":"integer","not":{"const":0}}""", "1 -10 100", "0 -0")]
    [InlineData("""{"type":"array","items":{"enum":["a","b","c"]},"uniqueItems":true,"minItems":1}""", "[\"a\"] [\"a\",\"c\"] [\"a\",\"b\",\"c\"]", "[] [\"a\",\"a\"]")]
    [InlineData("""{"type":"array","items":{"type":["integer","null"]},"contains":{"type":"null"}}""", "[null] [null,1,null]", "[] [1]")]
    [InlineData("""{"type":"object"}""", "{} {\"a\":[1,{}]}", "[] 1")]
    [InlineData("true", "1 [] {\"a\":null}", "x")]
    public void A_schema_takes_what_fulfils_it_and_nothing_else(string schema, string taken, string refused)
    {
        Sampled sampled = new(OutputConstraint.FromJsonSchema(schema));
        Assert.All(taken.Split(' '), json =>
        {
            Assert.True(Takes(sampled, json), json);
            Assert.True(Fulfils(schema, json), json);
        });
        Assert.All(refused.Split(' '), json => Assert.False(Takes(sampled, json), json));
    }

    [Theory]
    [InlineData("""{"properties":{"a":{"items":{"not":{"pattern":"a"}}}}}""", "at #/properties/a/items/not: 'pattern' cannot be held to inside 'not' or 'if'")]
    [InlineData("""{"not":{"const":[1]},"type":"array"}""", "at #: 'not' cannot be held to where it rules out an object or an array")]
    [InlineData("""{"minProperties":2}""", "at #: 'minProperties' is 2, which cannot be held to where more than one of the members has no name")]
    [InlineData("""{"contains":{"type":"null"},"unevaluatedItems":false}""", "at #: 'unevaluatedItems' cannot be held to")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "at #: 'uniqueItems' cannot be held to")]
    [InlineData("""{"type":"number","multipleOf":0}""", "at #: 'multipleOf' is 0; numbers above 0 of up to 10000 units")]
    [InlineData("""{"type":"number","multipleOf":0.0000001}""", "at #: 'multipleOf' is 0.0000001; numbers above 0")]
    [InlineData("""{"type":"text"}""", "at #: 'type' is \"text\"; allowed is null, boolean")]
    [InlineData("""{"type":"string","pattern":"(?=a)b"}""", "at #: 'pattern' is '(?=a)b'; at character 1: looking ahead")]
    [InlineData("""{"type":"string","format":"iri"}""", "at #: 'format' is 'iri', which cannot be held to; known are date,")]
    [InlineData("""{"$ref":"#/$defs/a"}""", "at #: '$ref' names #/$defs/a, which is not in the schema")]
    [InlineData("""{"$ref":"https://example.org/x.json"}""", "only places in the same schema can be named")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}""", "'$ref' leads to itself")]
    [InlineData("""{"allOf":[{"$ref":"#"}]}""", "'$ref' leads to itself")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "at #: 'oneOf' cannot be held to: what is written for the schema 0 may fulfil the schema 1")]
    [InlineData("""{"type":"string","maxLength":-1}""", "'maxLength' is -1; allowed is a whole number from 0")]
    [InlineData("""{"type":"integer","minimum":"1"}""", "'minimum' is \"1\"; it must be a number")]
    [InlineData("""{"type":"object","properties":{"a":{}},"required":["b"],"additionalProperties":false}""", "'required' names 'b', which 'additionalProperties' forbids")]
    [InlineData("""{"enum":[]}""", "'enum' must be a list of one or more values")]
    [InlineData("[1]", "a schema is an object, true or false")]
    [InlineData("{", "not JSON")]
    [InlineData("""{"const":"\ud800"}""", "half of a character")]
    public void What_cannot_be_held_to_is_said_with_its_place(string schema, string message)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => OutputConstraint.FromJsonSchema(schema, "s.json"));
        Assert.StartsWith("s.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"integer","minimum":1,"maximum":0}""")]
    [InlineData("""{"type":"object","properties":{"a":false},"required":["a"]}""")]
    [InlineData("false")]
    public void A_schema_that_nothing_fulfils_is_refused(string schema)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => new Sampled(OutputConstraint.FromJsonSchema(schema)));
        Assert.Contains("no text fulfils the grammar", error.Message, StringComparison.Ordinal);
    }

    [GeneratedRegex(
        "oneOf|allOf|fulfils the grammar|'required' names|'minProperties' is|'const' are not supported beside", RegexOptions.None, 1000)]
    private static partial Regex Refused();

    private static bool Takes(Sampled sampled, string json)
    {
        try
        {
            var place = sampled.Start;
            foreach (byte value in System.Text.Encoding.UTF8.GetBytes(json))
            {
                place = sampled.Machine.Advance(place, 3 + value);
            }

            return place.IsComplete;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
