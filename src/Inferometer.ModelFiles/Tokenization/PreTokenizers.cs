using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>The named pre-tokenizers of GGUF files (<c>tokenizer.ggml.pre</c>).</summary>
internal static class PreTokenizers
{
    private static readonly string[] Gpt2 = [PreTokenizerPatterns.Gpt2];
    private static readonly string[] DigitThenGpt2 = [PreTokenizerPatterns.OneDigit, PreTokenizerPatterns.Gpt2];
    private static readonly string[] DeepSeek3 =
        [PreTokenizerPatterns.ThreeDigits, PreTokenizerPatterns.CjkRun, PreTokenizerPatterns.DeepSeek3];
    private static readonly string[] Falcon =
        [PreTokenizerPatterns.FalconPunctuation, PreTokenizerPatterns.Gpt2, PreTokenizerPatterns.ThreeAsciiDigits];

    private static readonly string[] DeepSeekCoder =
    [
        PreTokenizerPatterns.LineEnd, PreTokenizerPatterns.SpaceLetters, PreTokenizerPatterns.SpacePunctuation,
        PreTokenizerPatterns.EastAsian, PreTokenizerPatterns.OneDigit,
    ];

    private static readonly Dictionary<string, NamedPreTokenizer> ByName = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = new(Gpt2),
        ["gpt2"] = new(Gpt2),
        ["phi-2"] = new(Gpt2),
        ["olmo"] = new(Gpt2),
        ["modern-bert"] = new(Gpt2),
        ["roberta-bpe"] = new(Gpt2),
        ["mpt"] = new(Gpt2),
        ["starcoder"] = new(DigitThenGpt2),
        ["refact"] = new(DigitThenGpt2),
        ["command-r"] = new(DigitThenGpt2),
        ["smollm"] = new(DigitThenGpt2),
        ["llama-bpe"] = new([PreTokenizerPatterns.Llama3], IgnoreMerges: true, AddsBos: true),
        ["llama3"] = new([PreTokenizerPatterns.Llama3], IgnoreMerges: true, AddsBos: true),
        ["llama-v3"] = new([PreTokenizerPatterns.Llama3], IgnoreMerges: true, AddsBos: true),
        ["falcon3"] = new([PreTokenizerPatterns.Llama3], IgnoreMerges: true, AddsBos: true),
        ["dbrx"] = new([PreTokenizerPatterns.Llama3]),
        ["smaug-bpe"] = new([PreTokenizerPatterns.Llama3]),
        ["qwen2"] = new([PreTokenizerPatterns.Qwen2]),
        ["deepseek-r1-qwen"] = new([PreTokenizerPatterns.Qwen2]),
        ["stablelm2"] = new([PreTokenizerPatterns.Qwen2]),
        ["tekken"] = new([PreTokenizerPatterns.Tekken], IgnoreMerges: true, AddsBos: true),
        ["gpt-4o"] = new([PreTokenizerPatterns.Gpt4o]),
        ["deepseek-v3"] = new(DeepSeek3),
        ["deepseek-coder"] = new(DeepSeekCoder, AddsBos: true),
        ["falcon"] = new(Falcon),
        ["default"] =
            new([PreTokenizerPatterns.FalconPunctuation, PreTokenizerPatterns.Gpt2, PreTokenizerPatterns.Digits,
                PreTokenizerPatterns.ThreeAsciiDigits]),
    };

    /// <summary>The names known, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. ByName.Keys.Order(StringComparer.Ordinal)];

    /// <summary>BERT's: words between white space, and every punctuation mark by itself.</summary>
    public static IReadOnlyList<SplitStep> Bert { get; } =
    [
        new(PreTokenizerPatterns.Get(PreTokenizerPatterns.Space), SplitBehavior.Removed),
        new(PreTokenizerPatterns.Get(PreTokenizerPatterns.Punctuation)),
    ];

    /// <summary>The pre-tokenizer of a name.</summary>
    /// <exception cref="InferometerException">The name is not known.</exception>
    public static NamedPreTokenizer Get(string name, string source) =>
        ByName.TryGetValue(name, out NamedPreTokenizer? named)
            ? named
            : throw new InferometerException($"{source}: pre-tokenizer '{name}' is not supported; known are {string.Join(", ", Names)}.");
}

/// <summary>A named pre-tokenizer: its patterns in order and the defaults of the vocabularies that use it.</summary>
internal sealed record NamedPreTokenizer(IReadOnlyList<string> Patterns, bool IgnoreMerges = false, bool AddsBos = false)
{
    public PreTokenizer Create() => new([.. Patterns.Select(pattern => new SplitStep(PreTokenizerPatterns.Get(pattern)))]);
}
