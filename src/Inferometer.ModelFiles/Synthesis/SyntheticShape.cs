using System.Globalization;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Synthesis;

/// <summary>Widths of a synthetic llama-family network.</summary>
public sealed record SyntheticShape
{
    /// <summary>110 million parameters: the proportions of a small story model.</summary>
    public static SyntheticShape Small { get; } = new()
    {
        HiddenSize = 768,
        Layers = 12,
        Heads = 12,
        KvHeads = 12,
        FeedForwardSize = 2048,
        VocabularySize = 32000,
        ContextTokens = 4096,
    };

    /// <summary>1.1 billion parameters: the proportions of TinyLlama-1.1B.</summary>
    public static SyntheticShape Medium { get; } = new()
    {
        HiddenSize = 2048,
        Layers = 22,
        Heads = 32,
        KvHeads = 4,
        FeedForwardSize = 5632,
        VocabularySize = 32000,
        ContextTokens = 8192,
    };

    /// <summary>Width of the residual stream; a multiple of <see cref="Heads"/>.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Inner width of the gated feed-forward part.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>Tokens; at least 260: three special ones, 256 bytes and a space.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest context stated in the file.</summary>
    public int ContextTokens { get; init; } = 4096;

    /// <summary>Base of the rotary frequencies.</summary>
    public float RopeBase { get; init; } = 10000;

    /// <summary>Width of a head.</summary>
    public int HeadSize => HiddenSize / Heads;

    /// <summary>Weights in all tensors, norms included.</summary>
    public long ParameterCount
    {
        get
        {
            long attention = (2L * HiddenSize * HiddenSize) + (2L * HiddenSize * KvHeads * HeadSize);
            long layer = attention + (3L * HiddenSize * FeedForwardSize) + (2L * HiddenSize);
            return (Layers * layer) + (2L * VocabularySize * HiddenSize) + HiddenSize;
        }
    }

    /// <summary>Checks that the widths fit one another.</summary>
    /// <exception cref="InferometerException">A width is out of range.</exception>
    public void Validate()
    {
        Require(Layers, 1, 1024, "layers");
        Require(Heads, 1, 1024, "heads");
        Require(KvHeads, 1, Heads, "KV heads");
        Require(HiddenSize, 32, 1 << 17, "hidden size");
        Require(FeedForwardSize, 32, 1 << 19, "feed-forward size");
        Require(VocabularySize, 260, 1 << 21, "vocabulary size");
        Require(ContextTokens, 1, 1 << 24, "context");
        if (Heads % KvHeads != 0 || HiddenSize % Heads != 0 || HeadSize % 2 != 0)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"Synthetic model: {Heads} heads over {KvHeads} KV heads and width {HiddenSize}: KV heads must divide heads, and heads "
                    + $"the width into even parts."));
        }
    }

    private static void Require(int value, int lowest, int highest, string what)
    {
        if (value < lowest || value > highest)
        {
            throw new InferometerException(
                string.Create(CultureInfo.InvariantCulture, $"Synthetic model: {what} is {value}, allowed are {lowest} to {highest}."));
        }
    }
}
