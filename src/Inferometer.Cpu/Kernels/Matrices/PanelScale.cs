using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>What the panel kernels share.</summary>
internal static unsafe class PanelScale
{
    /// <summary>Bytes ahead of the current block that are asked for from memory.</summary>
    public const int PrefetchBytes = 4096;

    /// <summary>sums += products * scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(Vector512<int> products, Vector512<float> scale, float* sums)
        => Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(products), scale, Vector512.Load(sums)).Store(sums);

    /// <summary>sums += products * scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(Vector256<int> products, Vector256<float> scale, float* sums)
        => Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(products), scale, Vector256.Load(sums)).Store(sums);

    /// <summary>sums += products * scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(Vector128<int> products, Vector128<float> scale, float* sums)
        => Sum(products, scale, Vector128.Load(sums)).Store(sums);

    /// <summary>sum + products * scale; fused where the processor has that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum(Vector128<int> products, Vector128<float> scale, Vector128<float> sum)
        => Vector128.MultiplyAddEstimate(Vector128.ConvertToSingle(products), scale, sum);
}
