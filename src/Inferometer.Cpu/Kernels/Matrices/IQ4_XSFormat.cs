using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>IQ4_XS: the f16 factors of 16 rows, and before each of the eight groups their scales as signed bytes.</summary>
internal readonly unsafe struct IQ4_XSFormat : ITableFormat
{
    public static GgmlType Type => GgmlType.IQ4_XS;

    public static ReadOnlySpan<sbyte> Levels => FourBitLevels.Curved;

    public static bool HasSmallLevels => false;

    public static int Groups => 8;

    public static int QuantsAt => 8;

    public static int HeadBytes => 32;

    public static int ScaleBytes => 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InsertScales(ReadOnlySpan<byte> block, byte* panelBlock, int groupBytes, int row)
    {
        PanelHeader.Write(block, panelBlock, row);
        int high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (int group = 0; group < 8; group++)
        {
            int scale = (block[4 + group / 2] >> (group % 2 * 4) & 15 | (high >> (2 * group) & 3) << 4) - 32;
            panelBlock[HeadBytes + group * groupBytes + row] = (byte)(sbyte)scale;
        }
    }

    public static void ExtractScales(byte* panelBlock, int groupBytes, int row, Span<byte> block)
    {
        PanelHeader.Read(panelBlock, row, block);
        block.Slice(2, 6).Clear();
        int high = 0;
        for (int group = 0; group < 8; group++)
        {
            int scale = (sbyte)panelBlock[HeadBytes + group * groupBytes + row] + 32;
            block[4 + group / 2] |= (byte)((scale & 15) << (group % 2 * 4));
            high |= scale >> 4 << (2 * group);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(block[2..], (ushort)high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale512(byte* panelBlock, byte* group) => HalfBits.Load512((ushort*)panelBlock)
        * Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)group)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scale256(byte* panelBlock, byte* group, int half) => HalfBits.Load256((ushort*)panelBlock + 8 * half)
        * Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32((sbyte*)group + 8 * half));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Scale128(byte* panelBlock, byte* group, int quarter) =>
        HalfBits.Load128((ushort*)panelBlock + 4 * quarter)
        * Vector128.ConvertToSingle(ByteProducts.Four((sbyte*)group + 4 * quarter));

    public static void WriteScales(Assembler code, Zmm scales, Zmm free, Memory panelBlock, Memory group)
    {
        code.Vpmovsxbd(free, group);
        code.Vcvtdq2ps(free, free);
        code.Vcvtph2ps(scales, panelBlock);
        code.Vmulps(scales, scales, free);
    }

    public static float Scale(byte* panelBlock, byte* group, int row) => HalfBits.Load(panelBlock + 2 * row) * (sbyte)group[row];
}
