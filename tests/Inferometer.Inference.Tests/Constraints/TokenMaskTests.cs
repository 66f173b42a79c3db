using System.Text.Json;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Constraints.Decoding;
using Inferometer.Inference.Sampling;
using Inferometer.Inference.Tests.Sampling;

namespace Inferometer.Inference.Tests.Constraints;

public sealed class TokenMaskTests
{
    public static TheoryData<string, string> Constraints => new()
    {
        { "json", "" },
        { "schema", """{"type":"object","properties":{"a":{"type":"string","maxLength":5},"b":{"type":"array","items":{"type":"integer","minimum":-3,"maximum":120}}},"required":["a"],"additionalProperties":{"type":"boolean"}}""" },
        { "grammar", "root ::= (word (\" \" word)*)? \"中\"?\nword ::= [a-z]+ | \"(\" root \")\"" },
    };

    private static OutputConstraint Constraint(string kind, string text) => kind switch
    {
        "json" => OutputConstraint.JsonValue,
        "schema" => OutputConstraint.FromJsonSchema(text),
        _ => OutputConstraint.FromGrammar(text),
    };

    [Theory]
    [MemberData(nameof(Constraints))]
    public void The_mask_allows_exactly_the_tokens_whose_bytes_continue_the_text(string kind, string text)
    {
        Sampled sampled = new(Constraint(kind, text));
        Random random = new(3);
        Configuration place = sampled.Start;
        for (int step = 0; step < 400; step++)
        {
            int[] allowed = Allowed(sampled, place);
            int[] expected = [.. Enumerable.Range(3, sampled.Tokenizer.VocabularySize - 3).Where(token => Continues(sampled, place,
                token))];
            Assert.Equal(expected, allowed);
            Assert.True(allowed.Length > 0 || place.IsComplete);
            place = allowed.Length == 0 || (place.IsComplete && random.Next(4) == 0)
                ? sampled.Start : sampled.Machine.Advance(place, allowed[random.Next(allowed.Length)]);
        }
    }

    /// <summary>Byte by byte from the same place, without the tree and without what is known per state.</summary>
    private static bool Continues(Sampled sampled, Configuration place, int token)
    {
        try
        {
            foreach (byte value in sampled.Tokenizer.TokenBytes(token))
            {
                place = sampled.Machine.Advance(place, 3 + value);
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(60)]
    public void A_value_is_complete_within_the_tokens_given(int maxTokens)
    {
        Sampled sampled = new(OutputConstraint.JsonObject);
        for (int seed = 0; seed < 100; seed++)
        {
            (string text, bool isWhole) = sampled.Next(seed, maxTokens);
            Assert.True(isWhole);
            using JsonDocument document = JsonDocument.Parse(text);
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        }
    }

    [Fact]
    public void Too_few_tokens_still_lead_towards_the_end()
    {
        Sampled sampled = new(OutputConstraint.FromJsonSchema("""{"const":{"a":[1,2,3,4,5,6,7,8,9]}}"""));
        (string text, bool isWhole) = sampled.Next(1, 5);
        Assert.False(isWhole);
        Assert.StartsWith(text.TrimStart(), """{"a":[1,2,3,4,5,6,7,8,9]}""", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root ::= \"a\"+", "a", true)]
    [InlineData("root ::= \"a\"+ \"b\"", "a", false)]
    [InlineData("root ::= \"a\" | \"ab\" \"c\"", "ab", false)]
    public void The_end_is_allowed_exactly_where_the_text_is_complete(string grammar, string text, bool mayEnd)
    {
        OutputConstraint constraint = OutputConstraint.FromGrammar(grammar);
        Sampled sampled = new(constraint);
        SamplerState state = new(new SamplingOptions { Constraint = constraint }, [], sampled.Tokenizer, sampled.Machine, 100, 1);
        foreach (char value in text)
        {
            state.Accept(TestVocabulary.Byte(value));
        }

        float[] logits = new float[sampled.Tokenizer.VocabularySize];
        state.Shape(logits);
        Assert.Equal(mayEnd ? 0 : float.NegativeInfinity, logits[TestVocabulary.End]);
    }

    [Fact]
    public void A_character_may_come_in_several_tokens()
    {
        Sampled sampled = new(OutputConstraint.FromGrammar("root ::= [中é]"));
        Configuration place = sampled.Start;
        Assert.Equal([3 + 0xC3, 3 + 0xE4], Allowed(sampled, place));
        place = sampled.Machine.Advance(place, 3 + 0xE4);
        Assert.Equal([3 + 0xB8], Allowed(sampled, place));
        place = sampled.Machine.Advance(place, 3 + 0xB8);
        Assert.Equal([3 + 0xAD], Allowed(sampled, place));
        Assert.True(sampled.Machine.Advance(place, 3 + 0xAD).IsFinished);
    }

    [Fact]
    public void Ignoring_the_end_goes_on_while_the_grammar_does()
    {
        OutputConstraint constraint = OutputConstraint.FromGrammar("root ::= \"a\"{1,3}");
        Sampled sampled = new(constraint);
        SamplingOptions options = new() { Constraint = constraint, IgnoreEndOfGeneration = true };
        SamplerState state = new(options, [], sampled.Tokenizer, sampled.Machine, 100, 1);
        Sampler sampler = new(sampled.Tokenizer.VocabularySize);
        while (!state.IsComplete)
        {
            Assert.Equal(TestVocabulary.Byte('a'), sampler.Sample(new float[sampled.Tokenizer.VocabularySize], state, out _));
        }

        Assert.Equal(3, state.OutputTokens);
    }

    private static int[] Allowed(Sampled sampled, Configuration place) =>
        [.. Enumerable.Range(0, sampled.Tokenizer.VocabularySize)
            .Where(token => (sampled.Machine.MaskOf(place).Bits[token >> 6] >> (token & 63) & 1) != 0)];
}
