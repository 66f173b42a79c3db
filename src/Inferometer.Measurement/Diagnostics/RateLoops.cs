using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Measurement.Diagnostics;

/// <summary>Loops that do one thing as fast as the processor can, with the widest vectors there are.</summary>
internal static unsafe class RateLoops
{
    private const int Rounds = 100_000;
    private const int PagesSideBySide = 4;
    private const int PageBytes = 4096;

    /// <summary>Floating point operations of one call of <see cref="MultiplyFloats"/>.</summary>
    public static double FloatOperations =>
        2.0 * Rounds * 12 * (Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4);

    /// <summary>Integer operations of one call of <see cref="MultiplyIntegers"/>; 0 where it has no instruction.</summary>
    public static double Int8Operations => ByteProductRate.IsSupported
        ? ByteProductRate.Operations(Rounds)
        : 2.0 * Rounds * 8 * (Avx512BW.IsSupported ? 64 : Avx2.IsSupported ? 32 : HasIntegers128 ? 16 : 0);

    /// <summary>Reads memory, a multiple of 1 KiB.</summary>
    public static long Read(byte* start, long bytes)
        => Vector512.IsHardwareAccelerated
            ? Read512(start, bytes)
            : Vector256.IsHardwareAccelerated ? Read256(start, bytes)
            : Read128(start, bytes);

    /// <summary>
    /// Reads the same, a line of each of <see cref="PagesSideBySide"/> pages in turn, which some processors do faster than one stream; of
    /// vectors below 512 bits as <see cref="Read"/> does.
    /// </summary>
    public static long ReadPages(byte* start, long bytes)
    {
        if (!Vector512.IsHardwareAccelerated)
        {
            return Read(start, bytes);
        }

        long whole = bytes / (PagesSideBySide * PageBytes) * (PagesSideBySide * PageBytes);
        return ReadPages512(start, whole) ^ Read512(start + whole, bytes - whole);
    }

    /// <summary>Independent chains of multiply-adds.</summary>
    public static long MultiplyFloats()
        => Vector512.IsHardwareAccelerated ? Floats512() : Vector256.IsHardwareAccelerated ? Floats256() : Floats128();

    /// <summary>
    /// Products of bytes added in pairs, and to a sum of 16 bits; on Arm, and where there are kernels for it, in fours to one of 32, or in
    /// tiles.
    /// </summary>
    public static long MultiplyIntegers()
    {
        if (ByteProductRate.IsSupported)
        {
            ByteProductRate.Run(Rounds);
            return 0;
        }

        return Avx512BW.IsSupported ? Integers512() : Avx2.IsSupported ? Integers256() : HasIntegers128 ? Integers128() : 0;
    }

    private static bool HasIntegers128 => Ssse3.IsSupported || Dp.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Read512(byte* start, long bytes)
    {
        Vector512<long> a = default, b = default, c = default, d = default;
        for (byte* p = start; p < start + bytes; p += 256)
        {
            Sse.Prefetch0(p + 4096);
            Sse.Prefetch0(p + 4096 + 64);
            Sse.Prefetch0(p + 4096 + 128);
            Sse.Prefetch0(p + 4096 + 192);
            a ^= Vector512.Load((long*)p);
            b ^= Vector512.Load((long*)(p + 64));
            c ^= Vector512.Load((long*)(p + 128));
            d ^= Vector512.Load((long*)(p + 192));
        }

        return Vector512.Sum(a ^ b ^ c ^ d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long ReadPages512(byte* start, long bytes)
    {
        Vector512<long> a = default, b = default, c = default, d = default;
        for (byte* pages = start; pages < start + bytes; pages += PagesSideBySide * PageBytes)
        {
            for (byte* p = pages; p < pages + PageBytes; p += 64)
            {
                a ^= Vector512.Load((long*)p);
                b ^= Vector512.Load((long*)(p + PageBytes));
                c ^= Vector512.Load((long*)(p + 2 * PageBytes));
                d ^= Vector512.Load((long*)(p + 3 * PageBytes));
            }
        }

        return Vector512.Sum(a ^ b ^ c ^ d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Read256(byte* start, long bytes)
    {
        Vector256<long> a = default, b = default, c = default, d = default;
        for (byte* p = start; p < start + bytes; p += 128)
        {
            a ^= Vector256.Load((long*)p);
            b ^= Vector256.Load((long*)(p + 32));
            c ^= Vector256.Load((long*)(p + 64));
            d ^= Vector256.Load((long*)(p + 96));
        }

        return Vector256.Sum(a ^ b ^ c ^ d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Read128(byte* start, long bytes)
    {
        Vector128<long> a = default, b = default, c = default, d = default;
        for (byte* p = start; p < start + bytes; p += 64)
        {
            a ^= Vector128.Load((long*)p);
            b ^= Vector128.Load((long*)(p + 16));
            c ^= Vector128.Load((long*)(p + 32));
            d ^= Vector128.Load((long*)(p + 48));
        }

        return Vector128.Sum(a ^ b ^ c ^ d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Floats512()
    {
        Vector512<float> x = Vector512.Create(0.5f), y = Vector512.Create(1f);
        Vector512<float> a0 = y, a1 = y, a2 = y, a3 = y, a4 = y, a5 = y, a6 = y, a7 = y, a8 = y, a9 = y, a10 = y, a11 = y;
        for (int i = 0; i < Rounds; i++)
        {
            a0 = Vector512.FusedMultiplyAdd(a0, x, y);
            a1 = Vector512.FusedMultiplyAdd(a1, x, y);
            a2 = Vector512.FusedMultiplyAdd(a2, x, y);
            a3 = Vector512.FusedMultiplyAdd(a3, x, y);
            a4 = Vector512.FusedMultiplyAdd(a4, x, y);
            a5 = Vector512.FusedMultiplyAdd(a5, x, y);
            a6 = Vector512.FusedMultiplyAdd(a6, x, y);
            a7 = Vector512.FusedMultiplyAdd(a7, x, y);
            a8 = Vector512.FusedMultiplyAdd(a8, x, y);
            a9 = Vector512.FusedMultiplyAdd(a9, x, y);
            a10 = Vector512.FusedMultiplyAdd(a10, x, y);
            a11 = Vector512.FusedMultiplyAdd(a11, x, y);
        }

        return (long)Vector512.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Floats256()
    {
        Vector256<float> x = Vector256.Create(0.5f), y = Vector256.Create(1f);
        Vector256<float> a0 = y, a1 = y, a2 = y, a3 = y, a4 = y, a5 = y, a6 = y, a7 = y, a8 = y, a9 = y, a10 = y, a11 = y;
        for (int i = 0; i < Rounds; i++)
        {
            a0 = Vector256.FusedMultiplyAdd(a0, x, y);
            a1 = Vector256.FusedMultiplyAdd(a1, x, y);
            a2 = Vector256.FusedMultiplyAdd(a2, x, y);
            a3 = Vector256.FusedMultiplyAdd(a3, x, y);
            a4 = Vector256.FusedMultiplyAdd(a4, x, y);
            a5 = Vector256.FusedMultiplyAdd(a5, x, y);
            a6 = Vector256.FusedMultiplyAdd(a6, x, y);
            a7 = Vector256.FusedMultiplyAdd(a7, x, y);
            a8 = Vector256.FusedMultiplyAdd(a8, x, y);
            a9 = Vector256.FusedMultiplyAdd(a9, x, y);
            a10 = Vector256.FusedMultiplyAdd(a10, x, y);
            a11 = Vector256.FusedMultiplyAdd(a11, x, y);
        }

        return (long)Vector256.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Floats128()
    {
        Vector128<float> x = Vector128.Create(0.5f), y = Vector128.Create(1f);
        Vector128<float> a0 = y, a1 = y, a2 = y, a3 = y, a4 = y, a5 = y, a6 = y, a7 = y, a8 = y, a9 = y, a10 = y, a11 = y;
        for (int i = 0; i < Rounds; i++)
        {
            a0 = Vector128.FusedMultiplyAdd(a0, x, y);
            a1 = Vector128.FusedMultiplyAdd(a1, x, y);
            a2 = Vector128.FusedMultiplyAdd(a2, x, y);
            a3 = Vector128.FusedMultiplyAdd(a3, x, y);
            a4 = Vector128.FusedMultiplyAdd(a4, x, y);
            a5 = Vector128.FusedMultiplyAdd(a5, x, y);
            a6 = Vector128.FusedMultiplyAdd(a6, x, y);
            a7 = Vector128.FusedMultiplyAdd(a7, x, y);
            a8 = Vector128.FusedMultiplyAdd(a8, x, y);
            a9 = Vector128.FusedMultiplyAdd(a9, x, y);
            a10 = Vector128.FusedMultiplyAdd(a10, x, y);
            a11 = Vector128.FusedMultiplyAdd(a11, x, y);
        }

        return (long)Vector128.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Integers512()
    {
        Vector512<byte> x = Vector512.Create((byte)3);
        Vector512<sbyte> y = Vector512.Create((sbyte)-5);
        Vector512<short> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        for (int i = 0; i < Rounds; i++)
        {
            a0 += Avx512BW.MultiplyAddAdjacent(x, y);
            a1 += Avx512BW.MultiplyAddAdjacent(x, y);
            a2 += Avx512BW.MultiplyAddAdjacent(x, y);
            a3 += Avx512BW.MultiplyAddAdjacent(x, y);
            a4 += Avx512BW.MultiplyAddAdjacent(x, y);
            a5 += Avx512BW.MultiplyAddAdjacent(x, y);
            a6 += Avx512BW.MultiplyAddAdjacent(x, y);
            a7 += Avx512BW.MultiplyAddAdjacent(x, y);
            x ^= a0.AsByte();
        }

        return Vector512.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Integers256()
    {
        Vector256<byte> x = Vector256.Create((byte)3);
        Vector256<sbyte> y = Vector256.Create((sbyte)-5);
        Vector256<short> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        for (int i = 0; i < Rounds; i++)
        {
            a0 += Avx2.MultiplyAddAdjacent(x, y);
            a1 += Avx2.MultiplyAddAdjacent(x, y);
            a2 += Avx2.MultiplyAddAdjacent(x, y);
            a3 += Avx2.MultiplyAddAdjacent(x, y);
            a4 += Avx2.MultiplyAddAdjacent(x, y);
            a5 += Avx2.MultiplyAddAdjacent(x, y);
            a6 += Avx2.MultiplyAddAdjacent(x, y);
            a7 += Avx2.MultiplyAddAdjacent(x, y);
            x ^= a0.AsByte();
        }

        return Vector256.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Integers128()
    {
        Vector128<byte> x = Vector128.Create((byte)3);
        Vector128<sbyte> y = Vector128.Create((sbyte)-5);
        Vector128<int> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        for (int i = 0; i < Rounds; i++)
        {
            a0 = AddProducts(a0, x, y);
            a1 = AddProducts(a1, x, y);
            a2 = AddProducts(a2, x, y);
            a3 = AddProducts(a3, x, y);
            a4 = AddProducts(a4, x, y);
            a5 = AddProducts(a5, x, y);
            a6 = AddProducts(a6, x, y);
            a7 = AddProducts(a7, x, y);
            x ^= a0.AsByte() & Vector128.Create((byte)127); // both instructions take the same from weights without signs
        }

        return Vector128.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddProducts(Vector128<int> sum, Vector128<byte> x, Vector128<sbyte> y) => Ssse3.IsSupported
        ? (sum.AsInt16() + Ssse3.MultiplyAddAdjacent(x, y)).AsInt32()
        : Dp.DotProduct(sum, x.AsSByte(), y);
}
