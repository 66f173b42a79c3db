using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Matrices;

internal readonly unsafe partial struct SixBitScalePanel<TFormat>
{
    /// <summary>Group by group, and of each four rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products128(byte* panel, byte* x, int tokens, int* products)
    {
        for (int part = 0; part < 8 * 4; part++)
        {
            ProductsOfQuarter(panel, part / 4, part % 4, x, tokens, products + part % 4 * 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProductsOfQuarter(byte* panel, int group, int quarter, byte* x, int tokens, int* products)
    {
        byte* quants = panel + QuantOffset + group / 2 * 512 + 16 * quarter, bits = panel + FifthOffset + 16 * quarter;
        int shift = group % 2 * 4;
        Vector128<byte> w0 = Weights128(quants, shift, bits, group), w1 = Weights128(quants + 64, shift, bits + 64, group),
            w2 = Weights128(quants + 128, shift, bits + 128, group), w3 = Weights128(quants + 192, shift, bits + 192, group);
        Vector128<byte> w4 = Weights128(quants + 256, shift, bits + 256, group), w5 = Weights128(quants + 320, shift, bits + 320, group),
            w6 = Weights128(quants + 384, shift, bits + 384, group), w7 = Weights128(quants + 448, shift, bits + 448, group);
        Vector128<int> scales = ByteProducts.Four(panel + ScaleOffset + 16 * group + 4 * quarter);
        x += 32 * group;
        for (int token = 0; token < tokens; token++)
        {
            Vector128<int> sum = scales * ByteProducts.Sum32(
                TFormat.HasFifthBits ? ByteRange.FiveBits : ByteRange.FourBits, w0, w1, w2, w3, w4, w5, w6, w7, (int*)x);
            (group == 0 ? sum : sum + Vector128.Load(products)).Store(products);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Weights128(byte* quants, int shift, byte* bits, int group)
    {
        Vector128<byte> weights = (Vector128.Load(quants).AsUInt16() >> shift).AsByte() & Vector128.Create((byte)15);
        return TFormat.HasFifthBits
            ? weights | (((Vector128.Load(bits).AsUInt16() >> group).AsByte() & Vector128<byte>.One).AsUInt16() << 4).AsByte()
            : weights;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddMinima128(byte* panel, byte* x, int tokens, int* products, float* sums, int quarter)
    {
        Vector128<float> d = HalfBits.Load128((ushort*)panel + 4 * quarter),
            m = HalfBits.Load128((ushort*)(panel + MinimumOffset) + 4 * quarter);
        products += 4 * quarter;
        sums += 4 * quarter;
        byte* minima = panel + GroupMinimumOffset + 4 * quarter;
        Vector128<int> m0 = ByteProducts.Four(minima), m1 = ByteProducts.Four(minima + 16), m2 = ByteProducts.Four(minima + 32),
            m3 = ByteProducts.Four(minima + 48), m4 = ByteProducts.Four(minima + 64), m5 = ByteProducts.Four(minima + 80),
            m6 = ByteProducts.Four(minima + 96), m7 = ByteProducts.Four(minima + 112);
        x += Int8Activations.SumOffset256;
        for (int token = 0; token < tokens; token++)
        {
            short* s = (short*)x;
            Vector128<int> a = m0 * s[0] + m1 * s[1] + m2 * s[2] + m3 * s[3];
            a += m4 * s[4] + m5 * s[5] + m6 * s[6] + m7 * s[7];
            Vector128<float> value = Vector128.ConvertToSingle(Vector128.Load(products)) * d - Vector128.ConvertToSingle(a) * m;
            float scale = *(float*)(x + Int8Activations.ScaleOffset256 - Int8Activations.SumOffset256);
            Vector128.MultiplyAddEstimate(value, Vector128.Create(scale), Vector128.Load(sums)).Store(sums);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }
}
