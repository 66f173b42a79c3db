using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Elementwise;

/// <summary>Sums of vectors: residual connections and biases.</summary>
public static class VectorAdd
{
    /// <summary>y += x. y is at least as long as x.</summary>
    public static void Accumulate(ReadOnlySpan<float> x, Span<float> y) => ElementLoop.Run<Operation>(x, y[..x.Length], y);

    /// <summary>Adds <paramref name="bias"/> to each of the consecutive rows of <paramref name="rows"/>.</summary>
    public static void AddBias(ReadOnlySpan<float> bias, Span<float> rows)
    {
        for (int i = 0; i < rows.Length; i += bias.Length)
        {
            Accumulate(bias, rows.Slice(i, bias.Length));
        }
    }

    private readonly struct Operation : IElementOperation
    {
        public static float Invoke(float x, float y) => x + y;

        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y) => x + y;

        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y) => x + y;

        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y) => x + y;
    }
}
