using System.Text.Json;
using System.Text.RegularExpressions;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Reads the <c>normalizer</c>, <c>pre_tokenizer</c> and <c>decoder</c> of a <c>tokenizer.json</c>.</summary>
internal sealed class TokenizerJsonPipeline
{
    private const string SpaceSymbol = "\u2581";

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
        pipeline.ReadNormalizer(root.Member("normalizer"));
        pipeline.ReadPreTokenizer(root.Member("pre_tokenizer"));
        bool escapesSpaces = pipeline._normalizer.Exists(step => step is ReplaceStep { New: SpaceSymbol });
        pipeline.Spelling = pipeline._isByteLevel
            || string.Equals(root.Member("decoder").Member("type").StringOrNull(), "ByteLevel", StringComparison.Ordinal)
            ? TokenSpelling.ByteLevel
            : escapesSpaces ? TokenSpelling.SentencePiece : TokenSpelling.Plain;
        pipeline.StripsLeadingSpace = pipeline._normalizer.Exists(step => step is PrependStep { Prefix: SpaceSymbol });
        return pipeline;
    }

    private void ReadNormalizer(JsonElement normalizer)
    {
        if (!normalizer.IsPresent())
        {
            return;
        }

        string? type = normalizer.Member("type").StringOrNull();
        switch (type)
        {
            case "Sequence":
                foreach (JsonElement inner in normalizer.GetProperty("normalizers").EnumerateArray())
                {
                    ReadNormalizer(inner);
                }

                break;
            case "Prepend":
                _normalizer.Add(new PrependStep(normalizer.GetProperty("prepend").GetString()!));
                break;
            case "Replace" when normalizer.Member("pattern").Member("String").StringOrNull() is { Length: > 0 } old:
                _normalizer.Add(new ReplaceStep(old, normalizer.GetProperty("content").GetString()!));
                break;
            case "NFC":
                _normalizer.Add(new ComposeStep());
                break;
            default:
                throw new InferometerException(
                    $"{_source}: normalizer '{type}' is not supported; Prepend, Replace of a string, NFC and Sequence are.");
        }
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
            default:
                throw new InferometerException(
                    $"{_source}: pre-tokenizer '{type}' is not supported; ByteLevel, Split, Digits, Metaspace and Sequence are.");
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
        string scheme = metaspace.Member("prepend_scheme").StringOrNull()
            ?? (metaspace.Member("add_prefix_space").ValueKind == JsonValueKind.False ? "never" : "always");
        if (!string.Equals(replacement, SpaceSymbol, StringComparison.Ordinal) || scheme is not ("always" or "first" or "never")
            || _splits.Count > 0)
        {
            throw new InferometerException(
                $"{_source}: Metaspace with replacement '{replacement}' and prepend_scheme '{scheme}' is not supported; U+2581 with "
                    + $"always, first or never, before any other pre-tokenizer, is.");
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
        string? behavior = split.Member("behavior").StringOrNull();
        if (behavior is null || !Enum.TryParse(behavior, out SplitBehavior parsed) || !Enum.IsDefined(parsed))
        {
            throw new InferometerException(
                $"{_source}: Split behavior '{behavior}' is not known; known are {string.Join(", ", Enum.GetNames<SplitBehavior>())}.");
        }

        try
        {
            return new SplitStep(PreTokenizerPatterns.Get(expression), parsed, split.Member("invert").IsTrue());
        }
        catch (ArgumentException exception)
        {
            throw new InferometerException(
                $"{_source}: the Split pattern '{expression}' is not supported ({exception.Message})", exception);
        }
    }
}
