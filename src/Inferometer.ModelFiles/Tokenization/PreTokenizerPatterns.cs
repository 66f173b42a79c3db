using System.Globalization;
using System.Text.RegularExpressions;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// The published pre-tokenizer patterns, compiled at build time. Sources: the <c>tokenizer.json</c> of each family and
/// the pre-tokenizer names GGUF files carry.
/// </summary>
internal static partial class PreTokenizerPatterns
{
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string Tekken =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string Gpt4o =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string DeepSeek3 =
        """[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""";

    public const string ThreeDigits = @"\p{N}{1,3}";

    public const string OneDigit = @"\p{N}";

    public const string Digits = @"\p{N}+";

    public const string CjkRun = "[一-龥\u3040-ゟ゠-ヿ]+";

    public const string FalconPunctuation = @"[\p{P}\$\+<=>\^~\|`]+";

    public const string ThreeAsciiDigits = "[0-9][0-9][0-9]";

    public const string Space = @"\s+";

    public const string WordOrSymbols = @"\w+|[^\w\s]+";

    // What BERT takes for punctuation: that of Unicode, and all of ASCII that is neither letter, digit nor blank.
    public const string Punctuation = @"[\p{P}!-/:-@\[-`{-~]";

    // Of DeepSeek Coder's vocabulary.
    public const string LineEnd = @"[\r\n]";

    public const string SpaceLetters = @"\s?\p{L}+";

    public const string SpacePunctuation = @"\s?\p{P}+";

    public const string EastAsian = "[一-龥ࠀ-一가-\uD7FF]+";

    // Of Qwen3.5's: accents belong to their letters.
    public const string Qwen35 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Seed's files write the third of these with a count of one.
    public const string SeedCoder =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string MiniCpm =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Of Aya's: groups of three that end with the number.
    public const string DigitsFromTheEnd = @"\d{1,3}(?=(?:\d{3})*\b)";

    // BLOOM's and its relatives'.
    public const string Words = @" ?[^(\s|.,!?…。，、।۔،)]+";

    public const string SpaceAtEnd = @"\s+$";

    // The letters with a case of DeepSeek LLM's and V2's; those beyond the first plane (Deseret, Osage, Adlam and others) are left out.
    public const string DeepSeekLetters =
        "\\s?[A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373\u0376"
        + "\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-"
        + "\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A"
        + "\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4"
        + "\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC"
        + "\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139\u213C-\u213F"
        + "\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B"
        + "\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A]+";

    // Its second range holds the letters of ASCII, so that a word with others is cut at them: so do those models.
    public const string DeepSeekPunctuation = "\\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+";

    // Of Kimi's: Chinese is cut from every other writing. The characters are those of the script Han in the first plane; those beyond it
    // stand in the shadow as one that no other text has (CategoryShadow.FarHan).
    internal const string Han =
        "\u2E80-\u2E99\u2E9B-\u2EF3\u2F00-\u2FD5\u3005\u3007\u3021-\u3029\u3038-\u303B\u3400-\u4DBF\u4E00-\u9FFF"
        + "\uF900-\uFA6D\uFA70-\uFAD9\uA840";

    private const string KimiUpper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}-[" + Han + "]]";

    private const string KimiLower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}-[" + Han + "]]";

    public const string Kimi =
        "[" + Han + @"]+|[^\r\n\p{L}\p{N}]?" + KimiUpper + "*" + KimiLower + @"+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?" + KimiUpper + "+"
        + KimiLower + @"*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Of SuperBPE's, which cuts texts nowhere but before groups of three digits that end with the number.
    public const string BeforeThreeDigits = @"(?=(\d{3})+(?!\d))";

    // Of Ling's and LLaDA's.
    public const string Bailing =
        @"'(?i:[sdmt]|ll|ve|re)|(?>[^\r\n\p{L}\p{N}]?)\p{L}+|\p{N}| ?(?>[^\s\p{L}\p{N}]+)[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+";

    // Of K-EXAONE's: words with single blanks between them stay together.
    public const string ExaoneMoe =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+";

    // Of Jais 2's: runs of blanks in powers of two.
    public const string Jais2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}";

    // Of Youtu's, before a second of GPT-4o's kind with single digits.
    public const string YoutuAsian =
        "[\uAC00-\uD7A3\u3131-\u318E]+|"
        + "[\uFF01\u2026\u201C\u201D\u2018\u2019\u2014\uFF1A\uFF1B\uFF0C\u3001-\u303F\uFE30-\uFE4F]+|"
        + "[\u3105-\u312F]+|[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+";

    public const string Youtu =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Patterns written by a hostile hand can take exponential time; these bounds apply to each match.
    private static readonly TimeSpan ForeignMatchLimit = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, Func<Regex>> Known = new(StringComparer.Ordinal)
    {
        [Gpt2] = Gpt2Regex,
        [Llama3] = Llama3Regex,
        [Qwen2] = Qwen2Regex,
        [Tekken] = TekkenRegex,
        [Gpt4o] = Gpt4oRegex,
        [DeepSeek3] = DeepSeek3Regex,
        [ThreeDigits] = ThreeDigitsRegex,
        [OneDigit] = OneDigitRegex,
        [Digits] = DigitsRegex,
        [CjkRun] = CjkRunRegex,
        [FalconPunctuation] = FalconPunctuationRegex,
        [ThreeAsciiDigits] = ThreeAsciiDigitsRegex,
        [Space] = SpaceRegex,
        [WordOrSymbols] = WordOrSymbolsRegex,
        [Punctuation] = PunctuationRegex,
        [LineEnd] = LineEndRegex,
        [SpaceLetters] = SpaceLettersRegex,
        [SpacePunctuation] = SpacePunctuationRegex,
        [EastAsian] = EastAsianRegex,
        [Qwen35] = Qwen35Regex,
        [SeedCoder] = SeedCoderRegex,
        [MiniCpm] = MiniCpmRegex,
        [DigitsFromTheEnd] = DigitsFromTheEndRegex,
        [Words] = WordsRegex,
        [SpaceAtEnd] = SpaceAtEndRegex,
        [DeepSeekLetters] = DeepSeekLettersRegex,
        [DeepSeekPunctuation] = DeepSeekPunctuationRegex,
        [Kimi] = KimiRegex,
        [BeforeThreeDigits] = BeforeThreeDigitsRegex,
        [Bailing] = BailingRegex,
        [ExaoneMoe] = ExaoneMoeRegex,
        [Jais2] = Jais2Regex,
        [YoutuAsian] = YoutuAsianRegex,
        [Youtu] = YoutuRegex,
    };

    /// <summary>
    /// Longest pattern that is parsed here: .NET joins the letters of a pattern one by one, which takes the square of its length. Those
    /// published have a few hundred.
    /// </summary>
    public const int LongestForeign = 4096;

    /// <summary>
    /// One spelling for each pattern: line ends and tabulators that files hold as characters become the escapes for them, and ranges of
    /// characters beyond the first plane, which .NET does not know and which <see cref="CategoryShadow"/> leaves nothing for, go; what
    /// .NET writes otherwise is translated (<see cref="ForeignPattern"/>).
    /// </summary>
    /// <exception cref="ArgumentException">It has a part there is no translation for.</exception>
    public static string Canonical(string pattern) => ForeignPattern.Translate(FarRangeRegex()
        .Replace(pattern, "")
        .Replace("\r", @"\r", StringComparison.Ordinal)
        .Replace("\n", @"\n", StringComparison.Ordinal)
        .Replace("\t", @"\t", StringComparison.Ordinal));

    /// <summary>The build-time form of a known pattern; any other is parsed here, with a time limit per match.</summary>
    /// <exception cref="ArgumentException">The pattern is not one .NET understands, or is longer than allowed.</exception>
    public static Regex Get(string pattern)
    {
        if (pattern.Length > LongestForeign)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture, $"it has {pattern.Length} characters; at most {LongestForeign} are allowed"),
                nameof(pattern));
        }

        string canonical = Canonical(pattern);
        return Known.TryGetValue(canonical, out Func<Regex>? known)
            ? known()
            : new Regex(canonical, RegexOptions.CultureInvariant, ForeignMatchLimit);
    }

    [GeneratedRegex(@"[\uD800-\uDBFF][\uDC00-\uDFFF]-[\uD800-\uDBFF][\uDC00-\uDFFF]", RegexOptions.CultureInvariant, -1)]
    private static partial Regex FarRangeRegex();

    [GeneratedRegex(Gpt2, RegexOptions.CultureInvariant, -1)]
    private static partial Regex Gpt2Regex();

    [GeneratedRegex(Llama3, RegexOptions.CultureInvariant, -1)]
    private static partial Regex Llama3Regex();

    [GeneratedRegex(Qwen2, RegexOptions.CultureInvariant, -1)]
    private static partial Regex Qwen2Regex();

    [GeneratedRegex(Tekken, RegexOptions.CultureInvariant, -1)]
    private static partial Regex TekkenRegex();

    [GeneratedRegex(Gpt4o, RegexOptions.CultureInvariant, -1)]
    private static partial Regex Gpt4oRegex();

    [GeneratedRegex(DeepSeek3, RegexOptions.CultureInvariant, -1)]
    private static partial Regex DeepSeek3Regex();

    [GeneratedRegex(ThreeDigits, RegexOptions.CultureInvariant, -1)]
    private static partial Regex ThreeDigitsRegex();

    [GeneratedRegex(OneDigit, RegexOptions.CultureInvariant, -1)]
    private static partial Regex OneDigitRegex();

    [GeneratedRegex(Digits, RegexOptions.CultureInvariant, -1)]
    private static partial Regex DigitsRegex();

    [GeneratedRegex(CjkRun, RegexOptions.CultureInvariant, -1)]
    private static partial Regex CjkRunRegex();

    [GeneratedRegex(FalconPunctuation, RegexOptions.CultureInvariant, -1)]
    private static partial Regex FalconPunctuationRegex();

    [GeneratedRegex(ThreeAsciiDigits, RegexOptions.CultureInvariant, -1)]
    private static partial Regex ThreeAsciiDigitsRegex();

    [GeneratedRegex(Space, RegexOptions.CultureInvariant, -1)]
    private static partial Regex SpaceRegex();

    [GeneratedRegex(WordOrSymbols, RegexOptions.CultureInvariant, -1)]
    private static partial Regex WordOrSymbolsRegex();

    [GeneratedRegex(Punctuation, RegexOptions.CultureInvariant, -1)]
    private static partial Regex PunctuationRegex();

    [GeneratedRegex(LineEnd, RegexOptions.CultureInvariant, -1)]
    private static partial Regex LineEndRegex();

    [GeneratedRegex(SpaceLetters, RegexOptions.CultureInvariant, -1)]
    private static partial Regex SpaceLettersRegex();

    [GeneratedRegex(SpacePunctuation, RegexOptions.CultureInvariant, -1)]
    private static partial Regex SpacePunctuationRegex();

    [GeneratedRegex(EastAsian, RegexOptions.CultureInvariant, -1)]
    private static partial Regex EastAsianRegex();

    [GeneratedRegex(Qwen35, RegexOptions.CultureInvariant, -1)]
    private static partial Regex Qwen35Regex();

    [GeneratedRegex(SeedCoder, RegexOptions.CultureInvariant, -1)]
    private static partial Regex SeedCoderRegex();

    [GeneratedRegex(MiniCpm, RegexOptions.CultureInvariant, -1)]
    private static partial Regex MiniCpmRegex();

    [GeneratedRegex(DigitsFromTheEnd, RegexOptions.CultureInvariant, -1)]
    private static partial Regex DigitsFromTheEndRegex();

    [GeneratedRegex(Words, RegexOptions.CultureInvariant, -1)]
    private static partial Regex WordsRegex();

    [GeneratedRegex(SpaceAtEnd, RegexOptions.CultureInvariant, -1)]
    private static partial Regex SpaceAtEndRegex();

    [GeneratedRegex(DeepSeekLetters, RegexOptions.CultureInvariant, -1)]
    private static partial Regex DeepSeekLettersRegex();

    [GeneratedRegex(DeepSeekPunctuation, RegexOptions.CultureInvariant, -1)]
    private static partial Regex DeepSeekPunctuationRegex();

    [GeneratedRegex(Kimi, RegexOptions.CultureInvariant, -1)]
    private static partial Regex KimiRegex();

    [GeneratedRegex(BeforeThreeDigits, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, -1)]
    private static partial Regex BeforeThreeDigitsRegex();

    [GeneratedRegex(Bailing, RegexOptions.CultureInvariant, -1)]
    private static partial Regex BailingRegex();

    [GeneratedRegex(ExaoneMoe, RegexOptions.CultureInvariant, -1)]
    private static partial Regex ExaoneMoeRegex();

    [GeneratedRegex(Jais2, RegexOptions.CultureInvariant, -1)]
    private static partial Regex Jais2Regex();

    [GeneratedRegex(YoutuAsian, RegexOptions.CultureInvariant, -1)]
    private static partial Regex YoutuAsianRegex();

    [GeneratedRegex(Youtu, RegexOptions.CultureInvariant, -1)]
    private static partial Regex YoutuRegex();
}
