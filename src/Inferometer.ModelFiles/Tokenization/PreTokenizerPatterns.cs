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
    };

    /// <summary>
    /// Longest pattern that is parsed here: .NET joins the letters of a pattern one by one, which takes the square of its length. Those
    /// published have a few hundred.
    /// </summary>
    public const int LongestForeign = 4096;

    /// <summary>The build-time form of a known pattern; any other is parsed here, with a time limit per match.</summary>
    /// <exception cref="ArgumentException">The pattern is not one .NET understands, or is longer than allowed.</exception>
    public static Regex Get(string pattern) =>
        Known.TryGetValue(pattern, out Func<Regex>? known) ? known()
        : pattern.Length <= LongestForeign ? new Regex(pattern, RegexOptions.CultureInvariant, ForeignMatchLimit)
        : throw new ArgumentException(
            string.Create(
                CultureInfo.InvariantCulture, $"it has {pattern.Length} characters; at most {LongestForeign} are allowed"),
            nameof(pattern));

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
}
