using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>IEEE 16-bit floats and bfloat16 as bit patterns, to and from float.</summary>
internal static class HalfFloats
{
    /// <summary>Reads the f16 at the start of <paramref name="bytes"/>.</summary>
    public static float ReadF16(ReadOnlySpan<byte> bytes) => (float)MemoryMarshal.Read<Half>(bytes);

    /// <summary>Writes <paramref name="value"/>, rounded to nearest even, at the start of <paramref name="bytes"/>.</summary>
    public static void WriteF16(Span<byte> bytes, float value) => MemoryMarshal.Write(bytes, (Half)value);

    public static void DecodeF16(ReadOnlySpan<ushort> source, Span<float> destination) =>
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<ushort, Half>(source), destination);

    public static void DecodeBF16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= source.Length - 16; i += 16)
            {
                (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Create(source.Slice(i, 16)));
                (low << 16).AsSingle().CopyTo(destination[i..]);
                (high << 16).AsSingle().CopyTo(destination[(i + 8)..]);
            }
        }

        for (; i < source.Length; i++)
        {
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
        }
    }

    public static void EncodeF16(ReadOnlySpan<float> source, Span<ushort> destination) =>
        TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<ushort, Half>(destination));

    /// <summary>Rounds to nearest, ties to even; a NaN stays a quiet NaN.</summary>
    public static void EncodeBF16(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(source[i]);
            uint rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
            destination[i] = (ushort)(float.IsNaN(source[i]) ? (bits >> 16) | 0x40 : rounded);
        }
    }
}
