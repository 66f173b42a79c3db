using Inferometer.Core;
using Inferometer.Measurement.Evaluation;
using Inferometer.ReferenceModels;

namespace Inferometer.Measurement.Tests.Evaluation;

/// <summary>BLEU beside sacrebleu's documented example and examples worked out by hand.</summary>
public sealed class BleuTests
{
    /// <summary>The example of sacrebleu's README (github.com/mjpost/sacrebleu): 48.53 82.4/50.0/45.5/37.5 (BP = 0.943, 17 and 18
    /// words).</summary>
    [Fact]
    public void The_example_of_sacrebleus_documentation_comes_out()
    {
        var bleu = Bleu.Of(
            ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."],
            [
                ["The dog bit the man.", "The dog had bit the man."], ["It was not unexpected.", "No one was surprised."],
                ["The man bit him first.", "The man had bitten the dog."],
            ]);
        Assert.Equal(48.530827, bleu.Score, 5);
        Assert.Equal([82.4, 50.0, 45.5, 37.5], bleu.Precisions.Select(p => Math.Round(p, 1)));
        Assert.Equal(0.943, bleu.BrevityPenalty, 3);
        Assert.Equal((17, 18), (bleu.Words, bleu.ReferenceWords));
    }

    // Of a b c d e beside a b x d e: 4 of 5 words, 2 of 4 pairs, none of 3 and of 2; these count as 1 / (2 * 3) and 1 / (4 * 2).
    [Fact]
    public void Orders_without_a_match_are_smoothed_by_halves()
    {
        var bleu = Bleu.Of(["a b c d e"], [["a b x d e"]]);
        Assert.Equal([80, 50, 100 / 6.0, 12.5], bleu.Precisions.Select(p => Math.Round(p, 10)), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(Math.Pow(80 * 50 * (100 / 6.0) * 12.5, 0.25), bleu.Score, 9);
    }

    // Matches are clipped: of seven times "the" two count, as in the paper's example; shorter texts are held against their brevity.
    [Fact]
    public void Matches_are_clipped_and_short_texts_are_penalised()
    {
        Assert.Equal(100 * 2 / 7.0, Bleu.Of(["the the the the the the the"], [["the cat is on the mat"]]).Precisions[0], 9);
        var half = Bleu.Of(["a b c d e"], [["a b c d e f g h i j"]]);
        Assert.Equal(100 * Math.Exp(1 - 2), half.Score, 9);
    }

    [Theory]
    [InlineData("a b c d", "a b c d", 100)]
    [InlineData("a b c d", "e f g h", 0)]
    [InlineData("a b", "a b", 0)]
    [InlineData("", "a b c d", 0)]
    public void Equal_texts_have_a_hundred_and_texts_too_short_for_four_words_none(string text, string reference, double score) =>
        Assert.Equal(score, Bleu.Of([text], [[reference]]).Score, 9);

    [Theory]
    [InlineData("It cost $1,000.50, didn't it?", "It cost $ 1,000.50 , didn't it ?")]
    [InlineData("A well-known 3-4 (of \"ten\") a.b", "A well-known 3 - 4 ( of \" ten \" ) a . b")]
    [InlineData("fish &amp; chips &lt;now&gt;\nor never.", "fish & chips < now > or never .")]
    public void Words_are_cut_as_mteval_cuts_them(string text, string words) =>
        Assert.Equal(words, string.Join(' ', Bleu.WordsOf(text)));

    [Fact]
    public void Exact_match_is_the_share_that_equals_a_reference()
    {
        var score = TextScore.Of([" Paris\n", "Rome", "Bern"], [["London", "Paris"], ["rome"], ["Bern"]]);
        Assert.Equal((2 / 3.0, 3), (score.ExactMatch, score.Texts));
    }

    [Fact]
    public void Files_of_references_are_read_and_a_wrong_line_is_named()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write(
            "r.jsonl", "{\"prompt\":\"a\",\"reference\":\"b\"}\n\n{\"prompt\":\"c\",\"reference\":[\"d\",\"e\"]}\n"u8.ToArray());
        Assert.Equal([1, 2], ReferenceText.Read(file).Select(r => r.References.Count));
        foreach (string line in (string[])["{\"prompt\":\"a\"}", "[]", "{", "{\"prompt\":1,\"reference\":\"b\"}",
            "{\"prompt\":\"a\",\"reference\":[]}"])
        {
            string wrong = folder.Write("w.jsonl", System.Text.Encoding.UTF8.GetBytes("{\"prompt\":\"a\",\"reference\":\"b\"}\n" + line));
            InferometerException error = Assert.Throws<InferometerException>(() => ReferenceText.Read(wrong));
            Assert.Contains("line 2", error.Message, StringComparison.Ordinal);
        }

        Assert.Throws<InferometerException>(() => ReferenceText.Read(folder.Write("e.jsonl", "\n"u8.ToArray())));
        Assert.Throws<InferometerException>(() => ReferenceText.Read(Path.Combine(folder.Path, "none")));
    }
}
