using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Elementwise;

/// <summary>
/// Rotary position embedding (Su et al. 2021) with cosines and sines given for the position. Scaling variants differ only in how those
/// tables are made.
/// </summary>
public static class Rope
{
    /// <summary>Rotates pairs (i, i + n) of each head, n being half the rotated width: the Hugging Face layout.</summary>
    /// <param name="heads">Consecutive heads of one token, in place.</param>
    /// <param name="headDim">Width of a head; elements from 2n on are left alone.</param>
    /// <param name="cos">n cosines of this token's position, n at most headDim / 2.</param>
    /// <param name="sin">n sines.</param>
    public static void RotateHalves(Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        CheckShape(heads, headDim, cos, sin);
        int n = cos.Length;
        for (int start = 0; start < heads.Length; start += headDim)
        {
            Span<float> low = heads.Slice(start, n);
            Span<float> high = heads.Slice(start + n, n);
            RotateHead(low, high, cos, sin);
        }
    }

    /// <summary>Rotates pairs (2i, 2i + 1) of each head: the layout of the original llama weights and of GGUF llama files.</summary>
    /// <param name="heads">Consecutive heads of one token, in place.</param>
    /// <param name="headDim">Width of a head; elements from 2n on are left alone.</param>
    /// <param name="cos">n cosines of this token's position, n at most headDim / 2.</param>
    /// <param name="sin">n sines.</param>
    public static void RotatePairs(Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        CheckShape(heads, headDim, cos, sin);
        for (int start = 0; start < heads.Length; start += headDim)
        {
            Span<float> head = heads.Slice(start, 2 * cos.Length);
            for (int i = 0; i < cos.Length; i++)
            {
                float x = head[2 * i];
                float y = head[2 * i + 1];
                head[2 * i] = x * cos[i] - y * sin[i];
                head[2 * i + 1] = y * cos[i] + x * sin[i];
            }
        }
    }

    private static void RotateHead(Span<float> low, Span<float> high, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= low.Length - 8; i += 8)
            {
                Vector256<float> x = Load256(low, i), y = Load256(high, i), c = Load256(cos, i), s = Load256(sin, i);
                (x * c - y * s).CopyTo(low[i..]);
                (y * c + x * s).CopyTo(high[i..]);
            }
        }
        else
        {
            for (; i <= low.Length - 4; i += 4)
            {
                Vector128<float> x = Load128(low, i), y = Load128(high, i), c = Load128(cos, i), s = Load128(sin, i);
                (x * c - y * s).CopyTo(low[i..]);
                (y * c + x * s).CopyTo(high[i..]);
            }
        }

        for (; i < low.Length; i++)
        {
            (low[i], high[i]) = (low[i] * cos[i] - high[i] * sin[i], high[i] * cos[i] + low[i] * sin[i]);
        }
    }

    private static Vector256<float> Load256(ReadOnlySpan<float> span, int start) => Vector256.Create(span.Slice(start, 8));

    private static Vector128<float> Load128(ReadOnlySpan<float> span, int start) => Vector128.Create(span.Slice(start, 4));

    private static void CheckShape(ReadOnlySpan<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headDim);
        SpanGuard.HasLength(sin, cos.Length);
        if (2 * cos.Length > headDim || heads.Length % headDim != 0)
        {
            throw new ArgumentException($"{heads.Length} floats and {cos.Length} angles do not fit heads of {headDim}.", nameof(heads));
        }
    }
}
