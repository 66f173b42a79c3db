using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Inferometer.Cpu.Kernels.Elementwise;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// Softmax over scores that arrive tile by tile (Milakov and Gimelshein 2018). The sums stay unnormalised; when a tile raises the maximum
/// they are multiplied by e^(old - new), and they are divided by the sum of exponentials once at the end.
/// </summary>
internal static unsafe class OnlineSoftmax
{
    /// <summary>Turns one tile's scores of one query into probabilities.</summary>
    /// <param name="scores">Scores, negative infinity where masked; become e^(score - maximum) * <paramref name="scale"/>.</param>
    /// <param name="count">How many.</param>
    /// <param name="scale">What the codec wants probabilities multiplied with.</param>
    /// <param name="maximum">Maximum so far, negative infinity at first.</param>
    /// <param name="sum">Sum of exponentials so far, relative to the maximum.</param>
    /// <returns>Factor for what was accumulated before.</returns>
    public static float Update(float* scores, int count, float scale, ref float maximum, ref float sum)
    {
        Span<float> row = new(scores, count);
        float highest = MathF.Max(maximum, Reductions.Max(row));
        if (float.IsNegativeInfinity(highest))
        {
            row.Clear();
            return 1;
        }

        float correction = maximum == highest ? 1 : MathF.Exp(maximum - highest);
        maximum = highest;
        sum = sum * correction + Softmax.ExpAndSum(row, highest, scale);
        return correction;
    }

    /// <summary>values *= factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rescale(float* values, int count, float factor)
    {
        if (factor != 1)
        {
            Span<float> all = new(values, count);
            TensorPrimitives.Multiply(all, factor, all);
        }
    }
}
