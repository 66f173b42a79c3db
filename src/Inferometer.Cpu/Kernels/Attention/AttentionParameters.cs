using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>What an attention layer computes: softmax(q k^T scale) v, causal.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AttentionParameters
{
    /// <summary>Query heads: a multiple of <see cref="KvHeads"/>. Query head h reads KV head h / (Heads / KvHeads).</summary>
    public required int Heads { get; init; }

    /// <summary>KV heads: as many as query heads (MHA), fewer (GQA) or one (MQA).</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of a query and a key.</summary>
    public required int KeyDim { get; init; }

    /// <summary>Width of a value and of a head's output.</summary>
    public required int ValueDim { get; init; }

    /// <summary>Factor of the scores, usually 1 / sqrt(KeyDim).</summary>
    public required float Scale { get; init; }

    /// <summary>Sliding window: a token sees itself and the Window - 1 before it; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>Attention is cut at multiples of this many tokens: a token sees those of its own stretch; 0 for all.</summary>
    public int Chunk { get; init; }

    /// <summary>Scores become cap * tanh(score / cap) before the softmax; 0 for none.</summary>
    public float Softcap { get; init; }

    /// <summary>A score per query head that enters the sum of the softmax but no value, [Heads]; null for none.</summary>
    public float[]? Sinks { get; init; }

    /// <summary>Query heads that share one KV head.</summary>
    internal int GroupHeads => Heads / KvHeads;

    /// <summary>The first position that a query at a position sees.</summary>
    internal int FirstVisible(int query) => Math.Max(
        Window > 0 ? Math.Max(0, query - Window + 1) : 0, Chunk > 0 ? query / Chunk * Chunk : 0);

    /// <summary>Throws when the shape makes no sense or buffers are too short for it.</summary>
    internal void Validate(int rows, ReadOnlySpan<float> queries, ReadOnlySpan<float> output)
    {
        if (Heads <= 0 || KvHeads <= 0 || Heads % KvHeads != 0 || KeyDim <= 0 || ValueDim <= 0 || Window < 0 || Chunk < 0 || !(Softcap >= 0)
            || (Sinks is not null && Sinks.Length != Heads))
        {
            throw new InvalidOperationException($"No attention has this shape: {this}.");
        }

        SpanGuard.HasRoom(queries, checked(rows * Heads * KeyDim));
        SpanGuard.HasRoom(output, checked(rows * Heads * ValueDim));
    }
}
