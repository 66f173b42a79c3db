using System.Text.RegularExpressions;
using Inferometer.Core;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

public sealed class PreTokenizerTests
{
    [Theory]
    [InlineData("gpt-2", "Hello world's  x123", "Hello| world|'s| | x|123")]
    [InlineData("llama-bpe", "Hello world's  x123", "Hello| world|'s| | x|123")]
    [InlineData("qwen2", "Hello world's  x123", "Hello| world|'s| | x|1|2|3")]
    [InlineData("tekken", "Hello world's  x123", "Hello| world|'s| | x|1|2|3")]
    [InlineData("gpt-4o", "Hello world's  x123", "Hello| world's| | x|123")]
    [InlineData("gpt-2", "(hello)\n\nIt'S", "(|hello|)|\n|\n|It|'|S")]
    [InlineData("llama-bpe", "(hello)\n\nIt'S", "(hello|)\n\n|It|'S")]
    [InlineData("gpt-2", "1234567", "1234567")]
    [InlineData("llama-bpe", "1234567", "123|456|7")]
    [InlineData("deepseek-v3", "x1234日本 ok", "x|123|4|日本| ok")]
    [InlineData("starcoder", "a12 b", "a|1|2| b")]
    [InlineData("falcon", "a,b 1234", "a|,|b| |123|4")]
    [InlineData("tekken", "helloWorld HELLOworld", "hello|World| HELLOworld")]
    [InlineData("llama-bpe", "a \n  b   ", "a| \n| | b|   ")]
    [InlineData("glm4", "Hello world's  x1234", "Hello| world|'s| | x|123|4")]
    [InlineData("lfm2", "1234567", "123|456|7")]
    [InlineData("hunyuan", "x12", "x|1|2")]
    [InlineData("minimax-m2", "Hello world's  x123", "Hello| world's| | x|123")]
    [InlineData("qwen35", "cafe\u0301s 12", "cafe\u0301s| |1|2")]
    [InlineData("qwen2", "cafe\u0301s 12", "cafe|\u0301s| |1|2")]
    [InlineData("seed-coder", "a!\n\n12 b", "a|!|\n\n|1|2| b")]
    [InlineData("tiny_aya", "x1234567 a", "x|1|234|567| a")]
    [InlineData("minicpm5", "x1234 a", "x|123|4| a")]
    [InlineData("exaone4", "1234567", "1234567")]
    [InlineData("deepseek-llm", "Hello wörld, 12日本\n x", "Hello| w|ö|rld|,| |12|日本|\n| x")]
    [InlineData("viking", "Hei maailma, 12", "Hei| maailma|,| |1|2")]
    [InlineData("kimi-k2", "Hello world's  x1234", "Hello| world's| | x|123|4")]
    [InlineData("kimi-k2", "ab中文cd 中 \n x々〇漢É", "ab|中文|cd| |中| \n| x|々〇漢|É")]
    [InlineData("kimi-k2", "「中文」helloWorld!\n", "「|中文|」hello|World|!\n")]
    [InlineData("superbpe", "by the way, 1234567 of 12 and 123456", "by the way, |1|234|567| of |12| and |123|456")]
    [InlineData("bailingmoe", "Don'T stop\n\nit's", "Don|'T| stop|\n\n|it|'s")]
    [InlineData("exaone-moe", "one two  three, it's 12", "one two| | three|,| it|'s| |1|2")]
    [InlineData("jais-2", "a       b", "a|    |  | b")]
    [InlineData("youtu", "한국어 text 中文ＡｂC 12", "한국어| text| |中文|Ａｂ|C| |1|2")]
    public void Text_is_cut_as_the_pattern_says(string name, string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Pieces(PreTokenizers.Get(name, "test").Create(), text)));

    [Theory]
    [InlineData("gpt-2", "𝐀𝐁 𠀀x", "𝐀𝐁| 𠀀x")]
    [InlineData("gpt-2", "a😀!b", "a|😀!|b")]
    [InlineData("llama-bpe", "𝟏𝟐𝟑𝟒", "𝟏𝟐𝟑|𝟒")]
    [InlineData("qwen2", "𝟏𝟐", "𝟏|𝟐")]
    [InlineData("deepseek-llm", "a𝐀b", "a|𝐀|b")]
    [InlineData("kimi-k2", "a𠮷中b𝐀", "a|𠮷中|b|𝐀")]
    public void Characters_beyond_the_first_plane_count_as_what_they_are(string name, string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Pieces(PreTokenizers.Get(name, "test").Create(), text)));

    [Theory]
    [InlineData("Isolated", "the|-|final|-|-|countdown")]
    [InlineData("Removed", "the|final|countdown")]
    [InlineData("MergedWithPrevious", "the-|final-|-|countdown")]
    [InlineData("MergedWithNext", "the|-final|-|-countdown")]
    [InlineData("Contiguous", "the|-|final|--|countdown")]
    public void Matches_are_treated_as_the_behaviour_says(string behavior, string expected)
    {
        var step = new SplitStep(PreTokenizerPatterns.Get("-"), Enum.Parse<SplitBehavior>(behavior));
        Assert.Equal(expected, string.Join('|', Pieces(new PreTokenizer([step]), "the-final--countdown")));
    }

    [Fact]
    public void Inversion_swaps_matches_and_the_rest()
    {
        var step = new SplitStep(PreTokenizerPatterns.Get("[a-z]+"), SplitBehavior.Removed, Invert: true);
        Assert.Equal(["the", "final"], Pieces(new PreTokenizer([step]), "the--final-"), StringComparer.Ordinal);
    }

    // As they stand in tokenizer.json of DeepSeek-V3, DeepSeek-V2 (shortened), Llama 3 and Seed-OSS.
    [Theory]
    [InlineData("[^\r\n\\p{L}\\p{P}\\p{S}]?x\t", "[^\\r\\n\\p{L}\\p{P}\\p{S}]?x\\t")]
    [InlineData("\\s?[A-Za-zＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻]+", "\\s?[A-Za-zＡ-Ｚａ-ｚ]+")]
    public void Spellings_of_a_pattern_are_one(string written, string expected)
    {
        Assert.Equal(expected, PreTokenizerPatterns.Canonical(written));
        Assert.Equal(expected, PreTokenizerPatterns.Get(written).ToString());
    }

    // Oniguruma's notation: classes within classes (BLOOM's), quantifiers that give nothing back (Ling's), intersections (Kimi's).
    [Theory]
    [InlineData(" ?[^(\\s|[.,!?…。，、।۔،])]+", "poro-chat")]
    [InlineData(
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|"
            + "\\s+(?!\\S)|\\s+",
        "bailingmoe")]
    [InlineData(
        "[\\p{Han}]+|"
            + "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]+(?i:'s|"
            + "'t|'re|'ve|'m|'ll|'d)?|"
            + "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]*(?i:'s|"
            + "'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "kimi-k2")]
    public void Patterns_in_the_notation_of_their_files_are_known(string written, string name)
    {
        string canonical = PreTokenizerPatterns.Canonical(written);
        Assert.Equal(canonical, PreTokenizerPatterns.Canonical(canonical));
        Assert.Equal(name, PreTokenizers.NameOf([canonical], ignoresMerges: false));
    }

    [Theory]
    [InlineData("a++b", "(?>a+)b")]
    [InlineData("(a|bc)*+d", "(?>(a|bc)*)d")]
    [InlineData("\\p{L}?+[x-z]++", "(?>\\p{L}?)(?>[x-z]+)")]
    [InlineData("\\p{N}{1,3}+", "(?:\\p{N}{1,3})+")]
    [InlineData("(?i:'s)?a+?b{2}?", "(?i:'s)?a+?b{2}?")]
    [InlineData("[a[bc]d]+", "[abcd]+")]
    [InlineData("\\+++[\\]+]", "(?>\\++)[\\]+]")]
    public void Notations_of_Oniguruma_become_those_of_dotnet(string written, string expected) =>
        Assert.Equal(expected, PreTokenizerPatterns.Canonical(written));

    [Theory]
    [InlineData("[a-z&&[^b]]")]
    [InlineData("[[:alpha:]]+")]
    public void Classes_that_would_mean_something_else_are_refused(string written) =>
        Assert.Throws<ArgumentException>(() => PreTokenizerPatterns.Get(written));

    [Theory]
    [InlineData(PreTokenizerPatterns.Llama3, true, "llama-bpe")]
    [InlineData(PreTokenizerPatterns.Llama3, false, "smaug-bpe")]
    [InlineData(PreTokenizerPatterns.Qwen2, true, "qwen2")]
    [InlineData(PreTokenizerPatterns.Qwen35, false, "qwen35")]
    [InlineData(PreTokenizerPatterns.SeedCoder, false, "seed-coder")]
    [InlineData("[^\r\n\\p{L}\\p{N}]?\\p{L}+", false, null)]
    [InlineData("[a-z]+", false, null)]
    public void Patterns_are_written_under_the_name_that_treats_merges_alike(string pattern, bool ignoresMerges, string? name) =>
        Assert.Equal(name, PreTokenizers.NameOf([pattern], ignoresMerges));

    [Fact]
    public void An_unknown_name_is_refused_with_those_known()
    {
        string message = Assert.Throws<InferometerException>(() => PreTokenizers.Get("klingon", "file.gguf")).Message;
        Assert.Contains("file.gguf: pre-tokenizer 'klingon'", message, StringComparison.Ordinal);
        Assert.Contains("llama-bpe", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_never_ends_is_stopped()
    {
        var hostile = new Regex("(?<run>a+)+$", RegexOptions.ExplicitCapture, TimeSpan.FromMilliseconds(50));
        var preTokenizer = new PreTokenizer([new SplitStep(hostile)]);
        Assert.Throws<InferometerException>(() => preTokenizer.Split(new string('a', 64) + "!"));
    }

    [Fact]
    public void Patterns_from_files_carry_a_time_limit() =>
        Assert.NotEqual(Regex.InfiniteMatchTimeout, PreTokenizerPatterns.Get("(a+)+$").MatchTimeout);

    private static List<string> Pieces(PreTokenizer preTokenizer, string text) =>
        [.. preTokenizer.Split(text).Select(piece => text.Substring(piece.Start, piece.Length))];
}
