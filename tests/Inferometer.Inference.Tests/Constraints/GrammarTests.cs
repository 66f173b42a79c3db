using System.Text;
using System.Text.RegularExpressions;
using Inferometer.Core;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Constraints.Decoding;
using Inferometer.Inference.Tests.Sampling;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Tests.Constraints;

public sealed class GrammarTests
{
    private static bool Takes(string grammar, string text)
    {
        Sampled sampled = new(OutputConstraint.FromGrammar(grammar));
        Configuration place = sampled.Start;
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            int token = TestVocabulary.Byte((char)value);
            if ((sampled.Machine.MaskOf(place).Bits[token >> 6] >> (token & 63) & 1) == 0)
            {
                return false;
            }

            place = sampled.Machine.Advance(place, token);
        }

        return place.IsComplete;
    }

    [Theory]
    [InlineData("root ::= \"a\" | \"bc\"", "a bc", "b c abc A")]
    [InlineData("root ::= [a-c]{2,3}", "ab abc", "a abca ad")]
    [InlineData("root ::= [^a-c]+", "xyz é 中文 😀", "a xa")]
    [InlineData("root ::= (\"x\" | \"y\")* \"z\"", "z xz yxyz", "x xy zz")]
    [InlineData("root ::= \"a\"{2}\"b\"{0,1}\"c\"{1,}", "aac aabc aabccc", "ac aab aabbc")]
    [InlineData("root ::= list\nlist ::= \"(\" (list (\",\" list)*)? \")\"", "() (()) ((),()) ((()),())", "( )( (,)")]
    [InlineData("root ::= \"\\x41\\u00e9\\U0001F600\\\"\\\\\"", "Aé😀\"\\", "Aé")]
    [InlineData("# a comment\nroot ::= ( # inside\n  \"a\"\n  | \"b\" # more\n) \"!\"\n", "a! b!", "a !")]
    [InlineData("root ::= a |\n b\na ::= \"1\"\r\nb ::= \"2\"\n\n", "1 2", "12")]
    [InlineData("root ::= . . ", "ab 中é", "a abc")]
    [InlineData("root ::= [\\]\\-x]+", "]-x", "\\ a")]
    [InlineData("root ::= expr\nexpr ::= term (\"+\" term)*\nterm ::= [0-9]+ | \"(\" expr \")\"", "1 1+2 (1+23)+4 ((1))", "+ 1+ (1 1)")]
    [InlineData("root ::= \"a\" root | \"b\"", "b ab aaab", "a ba")]
    [InlineData("root ::= x y\nx ::= \"a\"*\ny ::= \"a\" \"b\"", "ab aaab", "b aa")]
    public void A_grammar_takes_what_it_says(string grammar, string taken, string refused)
    {
        Assert.All(taken.Split(' '), text => Assert.True(Takes(grammar, text), text));
        Assert.All(refused.Split(' '), text => Assert.False(Takes(grammar, text), text));
    }

    [Theory]
    [InlineData("root ::= \"a", "line 1, column 10: the text does not end")]
    [InlineData("root ::= a\nb ::= \"x\"", "line 1, column 10: the rule 'a' is used but not defined")]
    [InlineData("start ::= \"a\"", "there is no rule 'root'")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: the rule 'root' is defined twice")]
    [InlineData("root ::= (\"a\"", "line 1, column 14: ')' is expected before the end")]
    [InlineData("root ::= [z-a]", "line 1, column 11: the range ends before it begins")]
    [InlineData("root ::= \"a\"{3,2}", "line 1, column 13: the repetition ends before it begins: {3,2}")]
    [InlineData("root = \"a\"", "line 1, column 6: '::=' is expected, not '='")]
    [InlineData("root ::= \"\\q\"", "line 1, column 11: '\\q' is no escape")]
    [InlineData("root ::= \"a\" )", "line 1, column 14: ')' begins no part of a rule")]
    [InlineData("root ::= !<think>", "line 1, column 10: tokens that are ruled out")]
    public void A_faulty_grammar_is_refused_with_its_place(string grammar, string message)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => OutputConstraint.FromGrammar(grammar, "my.gbnf"));
        Assert.StartsWith("my.gbnf", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root ::= root \"a\" | \"b\"", "the rule 'root' begins with itself")]
    [InlineData("root ::= a\na ::= b* root \"x\"\nb ::= \"b\"", "begins with itself")]
    [InlineData("root ::= \"a\" root", "no text fulfils the grammar")]
    [InlineData("root ::= ([a-z]{1000}){1000}", "more than")]
    [InlineData("root ::= ([a-z]?){6000}", "more than 16777216 ways to go on")]
    [InlineData("root ::= <[99999]>", "token 99999 is outside the vocabulary")]
    public void A_grammar_that_cannot_be_used_is_refused(string grammar, string message)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => new Sampled(OutputConstraint.FromGrammar(grammar)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_are_named_by_text_or_id()
    {
        Tokenizer tokenizer = TestVocabulary.Create("yes");
        Sampled sampled = new(OutputConstraint.FromGrammar("root ::= <s> \"a\" <[259]>"), tokenizer);
        Configuration place = sampled.Start;
        foreach (int token in (int[])[1, TestVocabulary.Byte('a'), 259])
        {
            Assert.Equal([token], Allowed(sampled, place));
            place = sampled.Machine.Advance(place, token);
        }

        Assert.True(place.IsFinished);
    }

    [Theory]
    [InlineData("root ::= [a-z]+ (\" \" [a-z]+)* [.!?]", "^[a-z]+( [a-z]+)*[.!?]$")]
    [InlineData("root ::= \"\\\"\" ([^\"\\\\\\x00-\\x1F] | \"\\\\\" [nrt\"])* \"\\\"\"", "^\"([^\"\\\\\\x00-\\x1F]|\\\\[nrt\"])*\"$")]
    [InlineData("root ::= item{3,5}\nitem ::= \"- \" [^\\n]{0,4} \"\\n\"", "^(- [^\n]{0,8}\n){3,5}$")]
    public void Sampled_texts_are_texts_of_the_grammar(string grammar, string pattern)
    {
        Sampled sampled = new(OutputConstraint.FromGrammar(grammar));
        for (int seed = 0; seed < 60; seed++)
        {
            (string text, bool isWhole) = sampled.Next(seed, 300);
            Assert.True(isWhole);
            Assert.Matches(new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5)), text);
        }
    }

    [Fact]
    public void Ambiguous_rules_keep_all_readings()
    {
        // After the first "a" both rules are open; what follows decides.
        const string Grammar = "root ::= one | two\none ::= \"a\" tail \"x\"\ntwo ::= \"a\" tail \"y\"\ntail ::= (\"b\" tail)?";
        Assert.True(Takes(Grammar, "abbx"));
        Assert.True(Takes(Grammar, "aby"));
        Assert.False(Takes(Grammar, "abb"));
    }

    private static int[] Allowed(Sampled sampled, Configuration place) =>
        [.. Enumerable.Range(0, sampled.Tokenizer.VocabularySize)
            .Where(token => (sampled.Machine.MaskOf(place).Bits[token >> 6] >> (token & 63) & 1) != 0)];
}
