using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>IQ4_NL: the f16 scales of 16 rows before each group.</summary>
internal readonly unsafe struct IQ4_NLFormat : ITableFormat
{
    public static GgmlType Type => GgmlType.IQ4_NL;

    public static ReadOnlySpan<sbyte> Levels => FourBitLevels.Curved;

    public static bool HasSmallLevels => false;

    public static int Groups => 1;

    public static int QuantsAt => 2;

    public static int HeadBytes => 0;

    public static int ScaleBytes => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void InsertScales(ReadOnlySpan<byte> block, byte* panelBlock, int groupBytes, int row) =>
        PanelHeader.Write(block, panelBlock, row);

    public static void ExtractScales(byte* panelBlock, int groupBytes, int row, Span<byte> block) =>
        PanelHeader.Read(panelBlock, row, block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale512(byte* panelBlock, byte* group) => HalfBits.Load512((ushort*)group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scale256(byte* panelBlock, byte* group, int half) => HalfBits.Load256((ushort*)group + 8 * half);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Scale128(byte* panelBlock, byte* group, int quarter) => HalfBits.Load128((ushort*)group + 4 * quarter);

    public static void WriteScales(Assembler code, Zmm scales, Zmm free, Memory panelBlock, Memory group) =>
        code.Vcvtph2ps(scales, group);

    public static float Scale(byte* panelBlock, byte* group, int row) => HalfBits.Load(group + 2 * row);
}
