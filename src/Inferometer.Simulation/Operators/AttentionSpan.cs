using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Operators;

/// <summary>
/// How far back a query looks. A position with c tokens of context (itself included) attends to all c, to the last
/// <see cref="Window"/> of them, to those of its own <see cref="Chunk"/>, or to the <see cref="TopK"/> best. Zeros mean no limit; at most
/// one is set.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AttentionSpan(int Window, int Chunk, int TopK)
{
    /// <summary>
    /// Query-key pairs of <paramref name="fresh"/> new tokens after <paramref name="past"/> cached ones: causal work, counted once.
    /// </summary>
    public double Pairs(double past, double fresh)
    {
        double cap = Window > 0 ? Window : TopK;
        if (Chunk > 0)
        {
            return ChunkPairs(past + fresh) - ChunkPairs(past);
        }

        if (cap <= 0)
        {
            return Triangle(past, fresh);
        }

        double growing = Math.Clamp(cap - past, 0, fresh);
        return Triangle(past, growing) + ((fresh - growing) * cap);
    }

    /// <summary>
    /// Distinct cached tokens (the new ones included) that <paramref name="fresh"/> new tokens after <paramref name="past"/> read.
    /// </summary>
    public double Reads(double past, double fresh)
    {
        double all = past + fresh;
        if (Window > 0)
        {
            return Math.Min(all, fresh + Window - 1);
        }

        if (Chunk > 0)
        {
            return all - (Math.Floor(past / Chunk) * Chunk);
        }

        return TopK > 0 ? Math.Min(all, Pairs(past, fresh)) : all;
    }

    /// <summary>
    /// First position (from 0) that the query following <paramref name="past"/> cached tokens can see; TopK counts as everything.
    /// </summary>
    public double FirstVisible(double past)
    {
        if (Window > 0)
        {
            return Math.Max(0, past + 1 - Window);
        }

        return Chunk > 0 ? Math.Floor(past / Chunk) * Chunk : 0;
    }

    private static double Triangle(double past, double fresh) => (fresh * past) + (fresh * (fresh + 1) / 2);

    private double ChunkPairs(double tokens)
    {
        double full = Math.Floor(tokens / Chunk);
        double rest = tokens - (full * Chunk);
        return (full * Chunk * (Chunk + 1.0) / 2) + (rest * (rest + 1) / 2);
    }
}
