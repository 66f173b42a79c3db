using System.Buffers.Binary;
using Inferometer.Core.Gguf;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>Seeded data for kernel tests.</summary>
internal static class RandomData
{
    /// <summary>Values in [-1, 1) that differ by position.</summary>
    public static float[] Floats(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = random.NextSingle() * 2 - 1;
        }

        return values;
    }

    /// <summary>Random stored weights: arbitrary quants, scales of moderate size.</summary>
    public static byte[] Weights(GgmlType type, int rows, int columns, int seed)
    {
        byte[] bytes = new byte[type.ByteCount((long)rows * columns)];
        Random random = new(seed);
        random.NextBytes(bytes);
        int blockBytes = type.BlockBytes();
        for (int start = 0; start < bytes.Length; start += blockBytes)
        {
            Span<byte> block = bytes.AsSpan(start, blockBytes);
            switch (type)
            {
                case GgmlType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(block, random.NextSingle() * 2 - 1);
                    break;
                case GgmlType.F16:
                    WriteHalf(block, random, 2);
                    break;
                case GgmlType.BF16:
                    BinaryPrimitives.WriteUInt16LittleEndian(
                        block, (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle() * 2 - 1) >> 16));
                    break;
                case GgmlType.Q4_1 or GgmlType.Q5_1 or GgmlType.Q4_K or GgmlType.Q5_K:
                    WriteHalf(block, random, 0.02f);
                    WriteHalf(block[2..], random, 0.02f);
                    break;
                case GgmlType.Q6_K:
                    WriteHalf(block[208..], random, 0.001f);
                    break;
                case GgmlType.Q2_K:
                    WriteHalf(block[80..], random, 0.02f);
                    WriteHalf(block[82..], random, 0.02f);
                    break;
                case GgmlType.Q3_K:
                    WriteHalf(block[108..], random, 0.02f);
                    break;
                case GgmlType.TQ1_0:
                    WriteHalf(block[52..], random, 0.02f);
                    break;
                case GgmlType.TQ2_0:
                    WriteHalf(block[64..], random, 0.02f);
                    break;
                case GgmlType.IQ1_M:
                    block[55] = (byte)((block[55] & 0x8F) | 0x20); // the top of the factor: 2^-7 or a little more
                    break;
                case GgmlType.MXFP4:
                    block[0] = (byte)(118 + random.Next(4));
                    break;
                case GgmlType.NVFP4:
                    foreach (ref byte scale in block[..4])
                    {
                        scale = (byte)(scale & 0x1F);
                    }

                    break;
                default:
                    WriteHalf(block, random, 0.02f);
                    break;
            }
        }

        return bytes;
    }

    private static void WriteHalf(Span<byte> target, Random random, float range)
        => BinaryPrimitives.WriteHalfLittleEndian(target, (Half)((random.NextSingle() - 0.5f) * range));
}
