using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>What an attention layer computes: softmax(q k^T scale) v, causal or in both directions.</summary>
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

    /// <summary>A token sees those behind it too, as far as its sequence goes.</summary>
    public bool SeesAhead { get; init; }

    /// <summary>
    /// Sliding window: a token sees itself and the Window - 1 before it, and where it sees ahead as many behind it; 0 for all.
    /// </summary>
    public int Window { get; init; }

    /// <summary>Attention is cut at multiples of this many tokens: a token sees those of its own stretch; 0 for all.</summary>
    public int Chunk { get; init; }

    /// <summary>Scores become cap * tanh(score / cap) before the softmax; 0 for none.</summary>
    public float Softcap { get; init; }

    /// <summary>A score per query head that enters the sum of the softmax but no value, [Heads]; null for none.</summary>
    public float[]? Sinks { get; init; }

    /// <summary>What a score loses per token of distance (ALiBi, arXiv:2108.12409), [Heads]; null for none.</summary>
    public float[]? Slopes { get; init; }

    /// <summary>Query heads that share one KV head.</summary>
    internal int GroupHeads => Heads / KvHeads;

    /// <summary>The first position that a query at a position sees.</summary>
    internal int FirstVisible(int query) => Math.Max(
        Window > 0 ? Math.Max(0, query - Window + 1) : 0, Chunk > 0 ? query / Chunk * Chunk : 0);

    /// <summary>The end of the positions that a query at a position sees, in a sequence of so many tokens.</summary>
    internal int EndVisible(int query, int tokens) => !SeesAhead ? query + 1
        : Window > 0 ? (int)Math.Min(tokens, (long)query + Window) : tokens;

    /// <summary>Takes off the scores of keys from a position on what their distance from the query costs.</summary>
    internal void AddDistances(Span<float> scores, int position, int query, int head)
    {
        if (Slopes is null)
        {
            return;
        }

        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] -= Slopes[head] * Math.Abs(query - position - i);
        }
    }

    /// <summary>Throws when the shape makes no sense or buffers are too short for it.</summary>
    internal void Validate(int rows, ReadOnlySpan<float> queries, ReadOnlySpan<float> output)
    {
        if (Heads <= 0 || KvHeads <= 0 || Heads % KvHeads != 0 || KeyDim <= 0 || ValueDim <= 0 || Window < 0 || Chunk < 0 || !(Softcap >= 0)
            || (SeesAhead && Chunk > 0) || (Sinks is not null && Sinks.Length != Heads) || (Slopes is not null && Slopes.Length != Heads))
        {
            throw new InvalidOperationException($"No attention has this shape: {this}.");
        }

        SpanGuard.HasRoom(queries, checked(rows * Heads * KeyDim));
        SpanGuard.HasRoom(output, checked(rows * Heads * ValueDim));
    }
}
