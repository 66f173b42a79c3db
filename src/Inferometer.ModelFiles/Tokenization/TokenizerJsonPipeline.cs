using System.Text.Json;
using System.Text.RegularExpressions;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Reads the <c>pre_tokenizer</c> and <c>decoder</c>, and with <see cref="TokenizerJsonNormalizer"/> the <c>normalizer</c>, of a
/// <c>tokenizer.json</c>.
/// </summary>
internal sealed class TokenizerJsonPipeline
{
    private const string SpaceSymbol = "\u2581";

    private static readonly SplitStep WhiteSpace =
        new(PreTokenizerPatterns.Get(PreTokenizerPatterns.Space), SplitBehavior.Removed);

    private readonly string _source;
    private readonly List<NormalizerStep> _normalizer = [];
    private readonly List<SplitStep> _splits = [];
    private bool _isByteLevel;

    private TokenizerJsonPipeline(string source) => _source = source;

    public IReadOnlyList<NormalizerStep> Normalizer => _normalizer;

    public IReadOnlyList<SplitStep> Splits => _splits;

    public TokenSpelling Spelling { get; private set; }

    public bool StripsLeadingSpace { get; private set; }

    public static TokenizerJsonPipeline Read(JsonElement root, string source)
    {
        var pipeline = new TokenizerJsonPipeline(source);
        TokenizerJsonNormalizer.Read(root.Member("normalizer"), source, pipeline._normalizer);
        pipeline.ReadPreTokenizer(root.Member("pre_tokenizer"));
        bool escapesSpaces = pipeline._normalizer.Exists(
            step => step is ReplaceStep { New: SpaceSymbol } or ReplacePatternStep { New: SpaceSymbol } or WordsStep);
        pipeline.Spelling = pipeline._isByteLevel
            || string.Equals(root.Member("decoder").Member("type").StringOrNull(), "ByteLevel", StringComparison.Ordinal)
            ? TokenSpelling.ByteLevel
            : string.Equals(root.Member("model").Member("type").StringOrNull(), "WordPiece", StringComparison.Ordinal)
                ? TokenSpelling.WordPiece
            : escapesSpaces ? TokenSpelling.SentencePiece : TokenSpelling.Plain;
        pipeline.StripsLeadingSpace = pipeline.Spelling == TokenSpelling.WordPiece
            || pipeline._normalizer.Exists(step => step is PrependStep { Prefix: SpaceSymbol } or WordsStep);
        return pipeline;
    }

    private void ReadPreTokenizer(JsonElement preTokenizer)
    {
        if (!preTokenizer.IsPresent())
        {
            return;
        }

        string? type = preTokenizer.Member("type").StringOrNull();
        if (_isByteLevel)
        {
            throw new InferometerException(
                $"{_source}: pre-tokenizer '{type}' after ByteLevel is not supported; ByteLevel must be the last.");
        }

        switch (type)
        {
            case "Sequence":
                foreach (JsonElement inner in preTokenizer.GetProperty("pretokenizers").EnumerateArray())
                {
                    ReadPreTokenizer(inner);
                }

                break;
            case "ByteLevel":
                ReadByteLevel(preTokenizer);
                break;
            case "Split":
                _splits.Add(ReadSplit(preTokenizer));
                break;
            case "Digits":
                bool single = preTokenizer.Member("individual_digits").IsTrue();
                _splits.Add(new SplitStep(PreTokenizerPatterns.Get(single ? PreTokenizerPatterns.OneDigit : PreTokenizerPatterns.Digits)));
                break;
            case "Metaspace":
                ReadMetaspace(preTokenizer);
                break;
            case "WhitespaceSplit":
                _splits.Add(WhiteSpace);
                break;
            case "Whitespace":
                _splits.Add(new SplitStep(
                    PreTokenizerPatterns.Get(PreTokenizerPatterns.WordOrSymbols), SplitBehavior.Removed, Invert: true));
                break;
            case "Punctuation":
                _splits.Add(new SplitStep(
                    PreTokenizerPatterns.Get(PreTokenizerPatterns.Punctuation),
                    Behavior(preTokenizer.Member("behavior").StringOrNull() ?? nameof(SplitBehavior.Isolated))));
                break;
            case "BertPreTokenizer":
                _splits.AddRange(PreTokenizers.Bert);
                break;
            default:
                throw new InferometerException(
                    $"{_source}: pre-tokenizer '{type}' is not supported; ByteLevel, Split, Digits, Metaspace, WhitespaceSplit, "
                        + "Whitespace, Punctuation, BertPreTokenizer and Sequence are.");
        }
    }

    private void ReadByteLevel(JsonElement byteLevel)
    {
        _isByteLevel = true;
        if (byteLevel.Member("add_prefix_space").IsTrue())
        {
            // Where patterns have cut already, the reference puts the space before every piece; no published model does.
            if (_splits.Count > 0)
            {
                throw new InferometerException($"{_source}: ByteLevel with add_prefix_space after another pre-tokenizer is not supported.");
            }

            _normalizer.Add(new PrependStep(" ", OnlyWhenMissing: true));
        }

        if (byteLevel.Member("use_regex").ValueKind != JsonValueKind.False)
        {
            _splits.Add(new SplitStep(PreTokenizerPatterns.Get(PreTokenizerPatterns.Gpt2)));
        }
    }

    private void ReadMetaspace(JsonElement metaspace)
    {
        string replacement = metaspace.Member("replacement").StringOrNull() ?? SpaceSymbol;
        bool afterWords = _splits is [var only] && only == WhiteSpace;
        string scheme = metaspace.Member("prepend_scheme").StringOrNull()
            ?? (metaspace.Member("add_prefix_space").ValueKind == JsonValueKind.False ? "never" : "always");
        if (!string.Equals(replacement, SpaceSymbol, StringComparison.Ordinal) || scheme is not ("always" or "first" or "never")
            || (_splits.Count > 0 && !(afterWords && scheme is "always")))
        {
            throw new InferometerException(
                $"{_source}: Metaspace with replacement '{replacement}' and prepend_scheme '{scheme}' is not supported; U+2581 with "
                    + $"always, first or never, before any other pre-tokenizer, is, and always after WhitespaceSplit.");
        }

        if (afterWords)
        {
            // Each word gets the symbol, and the words are cut apart at it below.
            _splits.Clear();
            _normalizer.Add(new WordsStep());
            _splits.Add(new SplitStep(PreTokenizerPatterns.Get(SpaceSymbol), SplitBehavior.MergedWithNext));
            return;
        }

        _normalizer.Add(new ReplaceStep(" ", SpaceSymbol));
        if (scheme is not "never")
        {
            _normalizer.Add(new PrependStep(SpaceSymbol, OnlyFirst: scheme is "first", OnlyWhenMissing: true));
        }

        if (metaspace.Member("split").ValueKind != JsonValueKind.False)
        {
            _splits.Add(new SplitStep(PreTokenizerPatterns.Get(SpaceSymbol), SplitBehavior.MergedWithNext));
        }
    }

    private SplitStep ReadSplit(JsonElement split)
    {
        JsonElement pattern = split.Member("pattern");
        string expression = pattern.Member("Regex").StringOrNull()
            ?? (pattern.Member("String").StringOrNull() is { } literal ? Regex.Escape(literal) : null)
            ?? throw new InferometerException($"{_source}: a Split pre-tokenizer has neither a Regex nor a String pattern.");
        SplitBehavior behavior = Behavior(split.Member("behavior").StringOrNull());
        try
        {
            return new SplitStep(PreTokenizerPatterns.Get(expression), behavior, split.Member("invert").IsTrue());
        }
        catch (ArgumentException exception)
        {
            throw new InferometerException(
                $"{_source}: the Split pattern '{expression}' is not supported ({exception.Message})", exception);
        }
    }

    private SplitBehavior Behavior(string? name) =>
        name is not null && Enum.TryParse(name, out SplitBehavior parsed) && Enum.IsDefined(parsed)
            ? parsed
            : throw new InferometerException(
                $"{_source}: Split behavior '{name}' is not known; known are {string.Join(", ", Enum.GetNames<SplitBehavior>())}.");
}
