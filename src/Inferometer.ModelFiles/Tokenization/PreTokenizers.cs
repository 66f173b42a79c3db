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

    private static readonly string[] DeepSeek =
    [
        PreTokenizerPatterns.LineEnd, PreTokenizerPatterns.DeepSeekLetters, PreTokenizerPatterns.DeepSeekPunctuation,
        PreTokenizerPatterns.SpaceAtEnd, PreTokenizerPatterns.EastAsian, PreTokenizerPatterns.Digits,
    ];

    private static readonly NamedPreTokenizer Llama3 = new([PreTokenizerPatterns.Llama3], IgnoreMerges: true, AddsBos: true);
    private static readonly NamedPreTokenizer Tekken = new([PreTokenizerPatterns.Tekken], IgnoreMerges: true, AddsBos: true);

    // Which names mean the same, in the files of llama.cpp's converter. Of a group the first is written.
    private static readonly (string Names, NamedPreTokenizer PreTokenizer)[] Groups =
    [
        ("llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano", Llama3),
        ("smaug-bpe dbrx glm4 chatglm-bpe", Llama3 with { IgnoreMerges = false, AddsBos = false }),
        ("qwen2 deepseek-r1-qwen stablelm2 hunyuan megrez solar-open grok-2 kormo f2llmv2", new([PreTokenizerPatterns.Qwen2])),
        ("qwen35", new([PreTokenizerPatterns.Qwen35])),
        ("tekken", Tekken),
        ("gpt-4o llama4 minimax-m2 kanana2 talkie", new([PreTokenizerPatterns.Gpt4o])),
        ("granite-embed-multi-97m", new([PreTokenizerPatterns.Gpt4o], IgnoreMerges: true)),
        ("tiny_aya cohere2moe", new([PreTokenizerPatterns.DigitsFromTheEnd, PreTokenizerPatterns.Gpt4o])),
        ("deepseek-v3 hunyuan-dense joyai-llm hy_v4", new(DeepSeek3)),
        ("deepseek-llm", new(DeepSeek)),
        ("deepseek-coder", new(DeepSeekCoder, AddsBos: true)),
        ("seed-coder", new([PreTokenizerPatterns.SeedCoder])),
        ("minicpm5", new([PreTokenizerPatterns.ThreeDigits, PreTokenizerPatterns.MiniCpm], IgnoreMerges: true)),
        ("starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", new(DigitThenGpt2)),
        ("gpt-2 gpt2 phi-2 olmo mpt exaone4 modern-bert roberta-bpe jina-v1-en jina-v2-code jina-v2-de jina-v2-es jina-de jina-es "
            + "gigachat a.x-4.0 mellum jais trillion granite-docling", new(Gpt2)),
        ("kimi-k2", new([PreTokenizerPatterns.Kimi])),
        ("superbpe", new([PreTokenizerPatterns.Digits, PreTokenizerPatterns.BeforeThreeDigits])),
        ("bailingmoe bailingmoe2 llada-moe", new([PreTokenizerPatterns.Bailing])),
        ("exaone-moe", new([PreTokenizerPatterns.ExaoneMoe])),
        ("jais-2", new([PreTokenizerPatterns.Jais2])),
        ("youtu", new([PreTokenizerPatterns.YoutuAsian, PreTokenizerPatterns.Youtu], IgnoreMerges: true)),
        ("viking", new([PreTokenizerPatterns.Words, PreTokenizerPatterns.OneDigit])),
        ("poro-chat bloom gpt3-finnish", new([PreTokenizerPatterns.Words])),
        ("falcon", new(Falcon)),
        ("default", new(
            [PreTokenizerPatterns.FalconPunctuation, PreTokenizerPatterns.Gpt2, PreTokenizerPatterns.Digits,
                PreTokenizerPatterns.ThreeAsciiDigits])),
    ];

    private static readonly Dictionary<string, NamedPreTokenizer> ByName = Groups
        .SelectMany(group => group.Names.Split(' ').Select(name => (name, group.PreTokenizer)))
        .ToDictionary(entry => entry.name, entry => entry.PreTokenizer, StringComparer.Ordinal);

    /// <summary>The names known, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. ByName.Keys.Order(StringComparer.Ordinal)];

    /// <summary>
    /// The name that files give to patterns: one that treats merges as asked for where there is one; null where none stands for them.
    /// </summary>
    public static string? NameOf(IReadOnlyList<string> patterns, bool ignoresMerges) => Groups
        .Where(group => group.PreTokenizer.Patterns.SequenceEqual(patterns, StringComparer.Ordinal))
        .OrderBy(group => group.PreTokenizer.IgnoreMerges != ignoresMerges)
        .Select(group => group.Names.Split(' ')[0])
        .FirstOrDefault();

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
