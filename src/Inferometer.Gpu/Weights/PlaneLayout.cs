using System.Buffers.Binary;
using Inferometer.Core.Gguf;

namespace Inferometer.Gpu.Weights;

/// <summary>
/// Takes stored blocks apart into the planes of <see cref="Kernels.DeviceWeights"/>: blocks of 18, 34 or 210 bytes begin at addresses that
/// a card can read two bytes at a time, planes at multiples of 16. Every bit is kept; scales of 6 bits become bytes.
/// </summary>
internal static class PlaneLayout
{
    /// <summary>Fills the planes from whole rows.</summary>
    public static void Split(
        GgmlType type, ReadOnlySpan<byte> blocks, Span<byte> quants, Span<byte> high, Span<byte> small, Span<byte> factors)
    {
        switch (type)
        {
            case GgmlType.F32 or GgmlType.F16 or GgmlType.BF16:
                blocks.CopyTo(quants);
                break;
            case GgmlType.Q8_0:
                SplitSimple(blocks, 34, 2, quants, small);
                break;
            case GgmlType.Q4_0:
                SplitSimple(blocks, 18, 2, quants, small);
                break;
            case GgmlType.MXFP4:
                SplitSimple(blocks, 17, 1, quants, small);
                break;
            case GgmlType.Q4_K:
                for (int i = 0; i < blocks.Length / 144; i++)
                {
                    SplitQ4_K(blocks.Slice(i * 144, 144), quants[(i * 128)..], small[(i * 16)..], factors[(i * 4)..]);
                }

                break;
            case GgmlType.Q6_K:
                for (int i = 0; i < blocks.Length / 210; i++)
                {
                    SplitQ6_K(blocks.Slice(i * 210, 210), quants[(i * 128)..], high[(i * 64)..], small[(i * 16)..], factors[(i * 2)..]);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "no planes are laid out for this format");
        }
    }

    // A scale, then what it scales.
    private static void SplitSimple(ReadOnlySpan<byte> blocks, int blockBytes, int scaleBytes, Span<byte> quants, Span<byte> small)
    {
        int quantBytes = blockBytes - scaleBytes;
        for (int i = 0; i < blocks.Length / blockBytes; i++)
        {
            ReadOnlySpan<byte> block = blocks.Slice(i * blockBytes, blockBytes);
            small[2 * i] = block[0];
            small[(2 * i) + 1] = scaleBytes == 2 ? block[1] : (byte)0;
            block[scaleBytes..].CopyTo(quants.Slice(i * quantBytes, quantBytes));
        }
    }

    private static void SplitQ4_K(ReadOnlySpan<byte> block, Span<byte> quants, Span<byte> small, Span<byte> factors)
    {
        block[..4].CopyTo(factors);
        ReadOnlySpan<byte> packed = block.Slice(4, 12);
        for (int group = 0; group < 8; group++)
        {
            (small[2 * group], small[(2 * group) + 1]) = SixBits(packed, group);
            ReadOnlySpan<byte> pairs = block.Slice(16 + (group / 2 * 32), 32);
            int shift = group % 2 * 4;
            for (int i = 0; i < 16; i++)
            {
                quants[(group * 16) + i] = (byte)(((pairs[i] >> shift) & 15) | (((pairs[i + 16] >> shift) & 15) << 4));
            }
        }
    }

    // Groups 0 to 3: low six bits of bytes 0 to 3 and 4 to 7; groups 4 to 7: four bits in bytes 8 to 11, two above those of the others.
    private static (byte Scale, byte Minimum) SixBits(ReadOnlySpan<byte> packed, int group) => group < 4
        ? ((byte)(packed[group] & 63), (byte)(packed[group + 4] & 63))
        : ((byte)((packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4)), (byte)((packed[group + 4] >> 4) | (packed[group] >> 6 << 4)));

    private static void SplitQ6_K(ReadOnlySpan<byte> block, Span<byte> quants, Span<byte> high, Span<byte> small, Span<byte> factors)
    {
        block.Slice(192, 16).CopyTo(small);
        block.Slice(208, 2).CopyTo(factors);
        for (int group = 0; group < 8; group++)
        {
            ReadOnlySpan<byte> low = block.Slice((group / 4 * 64) + (group % 2 * 32), 32);
            ReadOnlySpan<byte> top = block.Slice(128 + (group / 4 * 32), 32);
            int lowShift = group % 4 / 2 * 4, topShift = 2 * (group % 4);
            for (int i = 0; i < 16; i++)
            {
                quants[(group * 16) + i] = (byte)(((low[i] >> lowShift) & 15) | (((low[i + 16] >> lowShift) & 15) << 4));
            }

            for (int half = 0; half < 2; half++)
            {
                uint word = 0;
                for (int i = 0; i < 16; i++)
                {
                    uint bits = (uint)(top[(16 * half) + i] >> topShift) & 3;
                    word |= bits << ((8 * (i % 4)) + (2 * (i / 4)));
                }

                BinaryPrimitives.WriteUInt32LittleEndian(high[((group * 8) + (half * 4))..], word);
            }
        }
    }
}
