using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Elementwise;

/// <summary>Soft capping of scores and logits (gemma 2): cap * tanh(x / cap).</summary>
public static class Softcap
{
    /// <summary>In place; <paramref name="cap"/> is positive. Vectors use tanh u = 1 - 2 / (e^2u + 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(Span<float> x, float cap)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap);
        ref float rx = ref MemoryMarshal.GetReference(x);
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i <= x.Length - 16; i += 16)
            {
                Vector512<float> e = VectorExp.Exp(Vector512.LoadUnsafe(ref rx, (nuint)i) * (2 / cap));
                (Vector512.Create(cap) - Vector512.Create(2 * cap) / (e + Vector512<float>.One)).StoreUnsafe(ref rx, (nuint)i);
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= x.Length - 8; i += 8)
            {
                Vector256<float> e = VectorExp.Exp(Vector256.LoadUnsafe(ref rx, (nuint)i) * (2 / cap));
                (Vector256.Create(cap) - Vector256.Create(2 * cap) / (e + Vector256<float>.One)).StoreUnsafe(ref rx, (nuint)i);
            }
        }

        else if (Vector128.IsHardwareAccelerated)
        {
            for (; i <= x.Length - 4; i += 4)
            {
                Vector128<float> e = VectorExp.Exp(Vector128.LoadUnsafe(ref rx, (nuint)i) * (2 / cap));
                (Vector128.Create(cap) - Vector128.Create(2 * cap) / (e + Vector128<float>.One)).StoreUnsafe(ref rx, (nuint)i);
            }
        }

        for (; i < x.Length; i++)
        {
            x[i] = cap * MathF.Tanh(x[i] / cap);
        }
    }
}
