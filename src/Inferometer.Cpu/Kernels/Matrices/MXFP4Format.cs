using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>MXFP4: the exponents of 16 rows before each group.</summary>
internal readonly unsafe struct MXFP4Format : ITableFormat
{
    public static GgmlType Type => GgmlType.MXFP4;

    public static ReadOnlySpan<sbyte> Levels => FourBitLevels.Float4;

    public static bool HasSmallLevels => true;

    public static int Groups => 1;

    public static int QuantsAt => 1;

    public static int HeadBytes => 0;

    public static int ScaleBytes => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InsertScales(ReadOnlySpan<byte> block, byte* panelBlock, int groupBytes, int row) => panelBlock[row] = block[0];

    public static void ExtractScales(byte* panelBlock, int groupBytes, int row, Span<byte> block) => block[0] = panelBlock[row];

    // See PowerScale: exponents 0 and 1 are subnormal floats.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale512(byte* panelBlock, byte* group)
    {
        Vector512<uint> e = Avx512F.ConvertToVector512UInt32(Vector128.Load(group));
        Vector512<uint> subnormal = Avx512F.ShiftLeftLogicalVariable(Vector512.Create(0x200000u), e);
        return Vector512.ConditionalSelect(Vector512.LessThan(e, Vector512.Create(2u)), subnormal,
            (e - Vector512<uint>.One) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scale256(byte* panelBlock, byte* group, int half)
    {
        Vector256<uint> e = Avx2.ConvertToVector256Int32(group + 8 * half).AsUInt32();
        Vector256<uint> subnormal = Avx2.ShiftLeftLogicalVariable(Vector256.Create(0x200000u), e);
        return Vector256.ConditionalSelect(Vector256.LessThan(e, Vector256.Create(2u)), subnormal,
            (e - Vector256<uint>.One) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Scale128(byte* panelBlock, byte* group, int quarter)
    {
        Vector128<int> e = ByteProducts.Four(group + 4 * quarter);
        Vector128<int> subnormal = (e + Vector128<int>.One) << 21; // as above, for exponents 0 and 1
        return Vector128.ConditionalSelect(Vector128.LessThan(e, Vector128.Create(2)), subnormal,
            (e - Vector128<int>.One) << 23).AsSingle();
    }

    // 2^(e - 128), subnormal floats among them.
    public static void WriteScales(Assembler code, Zmm scales, Zmm free, Memory panelBlock, Memory group)
    {
        code.Vpmovzxbd(scales, group);
        code.Fill(free, unchecked((uint)-128));
        code.Vpaddd(scales, scales, free);
        code.Vcvtdq2ps(scales, scales);
        code.Fill(free, BitConverter.SingleToUInt32Bits(1));
        code.Vscalefps(scales, free, scales);
    }

    public static float Scale(byte* panelBlock, byte* group, int row) => PowerScale.HalfOf(group[row]);
}
