using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Matrices;

internal readonly unsafe partial struct SmallBlockPanel<TFormat>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply128(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            for (int quarter = 0; quarter < 4; quarter++)
            {
                MultiplyQuarter(panel, quarter, x, tokens, sums + 4 * quarter);
            }

            x += (long)tokens * Int8Activations.BlockBytes32;
        }
    }

    /// <summary>Four rows of a block: a quarter of every vector of 64 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyQuarter(byte* panel, int quarter, byte* x, int tokens, float* sums)
    {
        Vector128<byte> nibble = Vector128.Create((byte)15), fifth = Vector128.Create((byte)16);
        byte* weights = panel + QuantOffset + 16 * quarter;
        Vector128<byte> v0 = Vector128.Load(weights), v1 = Vector128.Load(weights + 64), v2 = Vector128.Load(weights + 128),
            v3 = Vector128.Load(weights + 192);
        Vector128<byte> w0 = v0 & nibble, w1 = v1 & nibble, w2 = v2 & nibble, w3 = v3 & nibble;
        Vector128<byte> w4 = (v0.AsUInt16() >> 4).AsByte() & nibble, w5 = (v1.AsUInt16() >> 4).AsByte() & nibble;
        Vector128<byte> w6 = (v2.AsUInt16() >> 4).AsByte() & nibble, w7 = (v3.AsUInt16() >> 4).AsByte() & nibble;
        if (TFormat.HasFifthBits)
        {
            Vector128<ushort> bits = Vector128.Load(weights + 256).AsUInt16();
            w0 |= (bits << 4).AsByte() & fifth;
            w1 |= (bits << 3).AsByte() & fifth;
            w2 |= (bits << 2).AsByte() & fifth;
            w3 |= (bits << 1).AsByte() & fifth;
            w4 |= bits.AsByte() & fifth;
            w5 |= (bits >> 1).AsByte() & fifth;
            w6 |= (bits >> 2).AsByte() & fifth;
            w7 |= (bits >> 3).AsByte() & fifth;
        }

        Vector128<float> scale = HalfBits.Load128((ushort*)panel + 4 * quarter);
        Vector128<float> minimum = TFormat.HasMinimum ? HalfBits.Load128((ushort*)(panel + MinimumOffset) + 4 * quarter) : default;
        for (int token = 0; token < tokens; token++)
        {
            int* q = (int*)x;
            Vector128<int> products = ByteProducts.Sum32(
                TFormat.HasFifthBits ? ByteRange.FiveBits : ByteRange.FourBits, w0, w1, w2, w3, w4, w5, w6, w7, q);
            float activationScale = ((float*)q)[9];
            Vector128<float> target = Vector128.Load(sums);
            if (TFormat.HasMinimum)
            {
                target = Vector128.MultiplyAddEstimate(minimum, Vector128.Create(q[8] * -0.125f * activationScale), target);
            }
            else
            {
                products += Vector128.Create(TFormat.HasFifthBits ? 2 * q[8] : q[8]);
            }

            PanelScale.Sum(products, scale * Vector128.Create(activationScale), target).Store(sums);
            x += Int8Activations.BlockBytes32;
            sums += PanelRows.Count;
        }
    }
}
