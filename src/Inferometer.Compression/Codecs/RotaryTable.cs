using System.Runtime.Intrinsics;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Rotary;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// Cosines and sines of all positions of a context, 16 positions side by side: what rotating a rebuilt tile of keys reads. Immutable;
/// thread-safe.
/// </summary>
public sealed unsafe class RotaryTable
{
    private const int Tokens = KvPageLayout.PageTokens;
    private readonly float[] _cosines;
    private readonly float[] _sines;

    /// <summary>Computes the table.</summary>
    /// <param name="rotary">The layer's rotary embedding.</param>
    /// <param name="contextTokens">Longest sequence.</param>
    public RotaryTable(RotaryEmbedding rotary, int contextTokens)
    {
        ArgumentNullException.ThrowIfNull(rotary);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextTokens);
        Rotary = rotary;
        int pages = (contextTokens + Tokens - 1) / Tokens, pairs = rotary.Pairs;
        _cosines = new float[checked(pages * pairs * Tokens)];
        _sines = new float[_cosines.Length];
        Span<float> cosines = stackalloc float[pairs], sines = stackalloc float[pairs];
        for (int position = 0; position < pages * Tokens; position++)
        {
            rotary.At(position, cosines, sines);
            for (int pair = 0; pair < pairs; pair++)
            {
                int index = (position / Tokens * pairs + pair) * Tokens + position % Tokens;
                (_cosines[index], _sines[index]) = (cosines[pair], sines[pair]);
            }
        }
    }

    /// <summary>The embedding.</summary>
    public RotaryEmbedding Rotary { get; }

    /// <summary>Rotates the keys of a page, [key width][16 tokens], in place.</summary>
    /// <param name="tile">Keys.</param>
    /// <param name="firstPosition">Position of the first token, a multiple of 16.</param>
    public void RotateTile(float* tile, int firstPosition)
    {
        int pairs = Rotary.Pairs;
        for (int pair = 0; pair < pairs; pair++)
        {
            int index = (firstPosition / Tokens * pairs + pair) * Tokens;
            ReadOnlySpan<float> cosines = _cosines.AsSpan(index, Tokens), sines = _sines.AsSpan(index, Tokens);
            float* first = tile + (Rotary.Interleaved ? 2 * pair : pair) * Tokens;
            float* second = tile + (Rotary.Interleaved ? 2 * pair + 1 : pair + pairs) * Tokens;
            Vector512<float> c = Vector512.Create(cosines), s = Vector512.Create(sines);
            Vector512<float> x = Vector512.Load(first), y = Vector512.Load(second);
            Vector512.Store(x * c - y * s, first);
            Vector512.Store(y * c + x * s, second);
        }
    }
}
