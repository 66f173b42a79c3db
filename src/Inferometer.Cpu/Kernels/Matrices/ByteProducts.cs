using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Products of bytes in vectors of 128 bits: four columns of four rows at a time, a row to a lane of 32 bits. All that the kernels of this
/// tier need that .NET has no portable form of: Arm's dot product where there is one (sdot, Armv8.2), its widening products otherwise, and
/// SSSE3's pairs (pmaddubsw) on x86. Activations are from -127 to 127.
/// </summary>
internal static unsafe class ByteProducts
{
    /// <summary>Whether there are kernels of 128 bits for this processor.</summary>
    public static bool IsSupported => Ssse3.IsSupported || AdvSimd.Arm64.IsSupported;

    /// <summary>The sum over 32 columns of weight times activation, for four rows.</summary>
    /// <param name="range">What the weights are, a constant.</param>
    /// <param name="w0">Columns 0 to 3 of the four rows; the others follow.</param>
    /// <param name="w1">Columns 4 to 7.</param>
    /// <param name="w2">Columns 8 to 11.</param>
    /// <param name="w3">Columns 12 to 15.</param>
    /// <param name="w4">Columns 16 to 19.</param>
    /// <param name="w5">Columns 20 to 23.</param>
    /// <param name="w6">Columns 24 to 27.</param>
    /// <param name="w7">Columns 28 to 31.</param>
    /// <param name="x">The 32 activations, signed bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sum32(
        ByteRange range, Vector128<byte> w0, Vector128<byte> w1, Vector128<byte> w2, Vector128<byte> w3, Vector128<byte> w4,
            Vector128<byte> w5, Vector128<byte> w6, Vector128<byte> w7, int* x)
    {
        if (Dp.IsSupported)
        {
            return Dots(w0, w1, w2, w3, Vector128.Load((sbyte*)x)) + Dots(w4, w5, w6, w7, Vector128.Load((sbyte*)x + 16));
        }

        if (range == ByteRange.Signed)
        {
            Vector128<int> even = Widened(SignedPairs(w0, x[0])), odd = Widened(SignedPairs(w1, x[1]));
            even += Widened(SignedPairs(w2, x[2]));
            odd += Widened(SignedPairs(w3, x[3]));
            even += Widened(SignedPairs(w4, x[4]));
            odd += Widened(SignedPairs(w5, x[5]));
            even += Widened(SignedPairs(w6, x[6]));
            odd += Widened(SignedPairs(w7, x[7]));
            return even + odd;
        }

        Vector128<short> a = Pairs(w0, x[0]), b = Pairs(w4, x[4]);
        a += Pairs(w1, x[1]);
        b += Pairs(w5, x[5]);
        a += Pairs(w2, x[2]);
        b += Pairs(w6, x[6]);
        a += Pairs(w3, x[3]);
        b += Pairs(w7, x[7]);
        return range == ByteRange.FourBits ? Widened(a + b) : Widened(a) + Widened(b);
    }

    /// <summary>The sum over 16 columns of weight, 0 to 63, times activation, for four rows: 63 * 127 * 2 * 2 = 32004.</summary>
    /// <param name="w0">Columns 0 to 3 of the four rows; the others follow.</param>
    /// <param name="w1">Columns 4 to 7.</param>
    /// <param name="w2">Columns 8 to 11.</param>
    /// <param name="w3">Columns 12 to 15.</param>
    /// <param name="x">The 16 activations, signed bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sum16(Vector128<byte> w0, Vector128<byte> w1, Vector128<byte> w2, Vector128<byte> w3, int* x) =>
        Dp.IsSupported
            ? Dots(w0, w1, w2, w3, Vector128.Load((sbyte*)x))
            : Widened(Pairs(w0, x[0]) + Pairs(w1, x[1])) + Widened(Pairs(w2, x[2]) + Pairs(w3, x[3]));

    /// <summary>Four bytes without signs, each as a number of 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Four(byte* source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)source).AsByte())).AsInt32();

    /// <summary>Four bytes with signs, each as a number of 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Four(sbyte* source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)source).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Dots(
        Vector128<byte> w0, Vector128<byte> w1, Vector128<byte> w2, Vector128<byte> w3, Vector128<sbyte> x)
    {
        Vector128<int> sum = Dp.DotProductBySelectedQuadruplet(Vector128<int>.Zero, w0.AsSByte(), x, 0);
        sum = Dp.DotProductBySelectedQuadruplet(sum, w1.AsSByte(), x, 1);
        sum = Dp.DotProductBySelectedQuadruplet(sum, w2.AsSByte(), x, 2);
        return Dp.DotProductBySelectedQuadruplet(sum, w3.AsSByte(), x, 3);
    }

    /// <summary>Products of weights from 0 to 127, added in pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<byte> weights, int four)
    {
        Vector128<sbyte> x = Vector128.Create(four).AsSByte();
        if (Ssse3.IsSupported)
        {
            return Ssse3.MultiplyAddAdjacent(weights, x);
        }

        Vector128<sbyte> w = weights.AsSByte();
        return AdvSimd.Arm64.AddPairwise(AdvSimd.MultiplyWideningLower(w.GetLower(), x.GetLower()), AdvSimd.MultiplyWideningUpper(w, x));
    }

    /// <summary>The same of signed weights. The instruction of x86 wants one side without signs: the signs go to the activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> SignedPairs(Vector128<byte> weights, int four) => Ssse3.IsSupported
        ? Ssse3.MultiplyAddAdjacent(Ssse3.Abs(weights.AsSByte()), Ssse3.Sign(Vector128.Create(four).AsSByte(), weights.AsSByte()))
        : Pairs(weights, four);

    /// <summary>Numbers of 16 bits added in pairs to 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Widened(Vector128<short> pairs) => Ssse3.IsSupported
        ? Sse2.MultiplyAddAdjacent(pairs, Vector128<short>.One)
        : AdvSimd.AddPairwiseWidening(pairs);
}
