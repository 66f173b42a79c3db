using System.Runtime.InteropServices;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>What is done with the blocks of each format: the one place where a new format is named.</summary>
internal static class BlockFormats
{
    private static readonly BlockFormat?[] s_byId = new BlockFormat?[(int)GgmlType.Q2_0 + 1];

    static BlockFormats()
    {
        s_byId[(int)GgmlType.F32] = new(
            static (source, values) => MemoryMarshal.Cast<byte, float>(source).CopyTo(values),
            static (values, _, target) => values.CopyTo(MemoryMarshal.Cast<byte, float>(target)));
        s_byId[(int)GgmlType.F16] = new(
            static (source, values) => HalfFloats.DecodeF16(MemoryMarshal.Cast<byte, ushort>(source), values),
            static (values, _, target) => HalfFloats.EncodeF16(values, MemoryMarshal.Cast<byte, ushort>(target)));
        s_byId[(int)GgmlType.BF16] = new(
            static (source, values) => HalfFloats.DecodeBF16(MemoryMarshal.Cast<byte, ushort>(source), values),
            static (values, _, target) => HalfFloats.EncodeBF16(values, MemoryMarshal.Cast<byte, ushort>(target)));
        Written<Q8_0>(GgmlType.Q8_0, 0);
        Written<Q4_0>(GgmlType.Q4_0, 0);
        Written<Q4_1>(GgmlType.Q4_1, 0, 2);
        Written<Q5_0>(GgmlType.Q5_0, 0);
        Written<Q5_1>(GgmlType.Q5_1, 0, 2);
        Written<Q2_K>(GgmlType.Q2_K, 80, 82);
        Written<Q3_K>(GgmlType.Q3_K, 108);
        Written<Q4_K>(GgmlType.Q4_K, 0, 2);
        Written<Q5_K>(GgmlType.Q5_K, 0, 2);
        Written<Q6_K>(GgmlType.Q6_K, 208);
        Written<IQ4_NL>(GgmlType.IQ4_NL, 0);
        Written<IQ4_XS>(GgmlType.IQ4_XS, 0);
        Read<IQ1_S>(GgmlType.IQ1_S, 0);
        Read<IQ1_M>(GgmlType.IQ1_M, static block => (IQ1_M.FactorBits(block) & 0x7C00) != 0x7C00);
        Read<IQ2_XXS>(GgmlType.IQ2_XXS, 0);
        Read<IQ2_XS>(GgmlType.IQ2_XS, 0);
        Read<IQ2_S>(GgmlType.IQ2_S, 0);
        Read<IQ3_XXS>(GgmlType.IQ3_XXS, 0);
        Read<IQ3_S>(GgmlType.IQ3_S, 0);
        Read<TQ1_0>(GgmlType.TQ1_0, 52);
        Read<TQ2_0>(GgmlType.TQ2_0, 64);
        Read<MXFP4>(GgmlType.MXFP4, static block => block[0] <= PowerScale.LargestExponent);
        Read<NVFP4>(GgmlType.NVFP4, static _ => true);
        Read<Q1_0>(GgmlType.Q1_0, 0);
        Read<Q2_0>(GgmlType.Q2_0, 0);
    }

    /// <summary>Formats that can be decoded, in the order of their numbers.</summary>
    public static IEnumerable<GgmlType> Decoded => Enumerable.Range(0, s_byId.Length).Where(id => s_byId[id] is not null)
        .Select(id => (GgmlType)id);

    /// <summary>Formats that can be encoded as well.</summary>
    public static IEnumerable<GgmlType> Encoded => Decoded.Where(type => s_byId[(int)type]!.Encode is not null);

    /// <summary>The format, or null where there is no code for it.</summary>
    public static BlockFormat? Find(GgmlType type) => (uint)type < (uint)s_byId.Length ? s_byId[(int)type] : null;

    private static void Written<TFormat>(GgmlType type, params int[] scalesAt)
        where TFormat : struct, IWrittenFormat =>
        s_byId[(int)type] = new(DecodeBlocks<TFormat>, EncodeBlocks<TFormat>) { ScalesAt = scalesAt };

    private static void Read<TFormat>(GgmlType type, params int[] scalesAt)
        where TFormat : struct, IBlockFormat => s_byId[(int)type] = new(DecodeBlocks<TFormat>, null) { ScalesAt = scalesAt };

    private static void Read<TFormat>(GgmlType type, BlockFormat.Check isFinite)
        where TFormat : struct, IBlockFormat => s_byId[(int)type] = new(DecodeBlocks<TFormat>, null) { IsFinite = isFinite };

    private static void DecodeBlocks<TFormat>(ReadOnlySpan<byte> source, Span<float> destination)
        where TFormat : struct, IBlockFormat
    {
        for (int at = 0; !source[at..].IsEmpty; at += TFormat.Bytes)
        {
            TFormat.Decode(source.Slice(at, TFormat.Bytes), destination.Slice(at / TFormat.Bytes * TFormat.Values, TFormat.Values));
        }
    }

    private static void EncodeBlocks<TFormat>(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination)
        where TFormat : struct, IWrittenFormat
    {
        for (int at = 0; !destination[at..].IsEmpty; at += TFormat.Bytes)
        {
            int first = at / TFormat.Bytes * TFormat.Values;
            TFormat.Encode(
                source.Slice(first, TFormat.Values), importance.IsEmpty ? default : importance.Slice(first, TFormat.Values),
                destination.Slice(at, TFormat.Bytes));
        }
    }
}
