using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Turns stored weights into floats fast: vector code for the plain formats, <see cref="BlockCodec"/> for the rest.</summary>
internal static unsafe class RowDecoder
{
    /// <summary>Decodes <paramref name="count"/> values, whole blocks of the format.</summary>
    public static void Decode(GgmlType type, byte* source, int count, Span<float> destination)
    {
        fixed (float* target = destination[..count])
        {
            switch (type)
            {
                case GgmlType.F32:
                    new ReadOnlySpan<float>(source, count).CopyTo(destination);
                    break;
                case GgmlType.F16:
                    DecodeF16((ushort*)source, count, target);
                    break;
                case GgmlType.BF16:
                    DecodeBF16((ushort*)source, count, target);
                    break;
                default:
                    BlockCodec.Decode(type, new ReadOnlySpan<byte>(source, checked((int)type.ByteCount(count))), destination[..count]);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DecodeF16(ushort* source, int count, float* target)
    {
        int i = 0;
        if (Avx512F.IsSupported)
        {
            for (; i <= count - 16; i += 16)
            {
                HalfBits.Load512(source + i).Store(target + i);
            }
        }
        else if (Avx2.IsSupported)
        {
            for (; i <= count - 8; i += 8)
            {
                HalfBits.Load256(source + i).Store(target + i);
            }
        }
        else
        {
            for (; Vector128.IsHardwareAccelerated && i <= count - 4; i += 4)
            {
                HalfBits.Load128(source + i).Store(target + i);
            }
        }

        for (; i < count; i++)
        {
            target[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DecodeBF16(ushort* source, int count, float* target)
    {
        int i = 0;
        if (Avx512F.IsSupported)
        {
            for (; i <= count - 16; i += 16)
            {
                HalfBits.LoadBrain512(source + i).Store(target + i);
            }
        }
        else if (Avx2.IsSupported)
        {
            for (; i <= count - 8; i += 8)
            {
                HalfBits.LoadBrain256(source + i).Store(target + i);
            }
        }
        else
        {
            for (; Vector128.IsHardwareAccelerated && i <= count - 4; i += 4)
            {
                HalfBits.LoadBrain128(source + i).Store(target + i);
            }
        }

        for (; i < count; i++)
        {
            target[i] = BitConverter.Int32BitsToSingle(source[i] << 16);
        }
    }
}
