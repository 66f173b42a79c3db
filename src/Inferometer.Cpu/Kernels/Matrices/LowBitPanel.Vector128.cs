using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Matrices;

internal readonly unsafe partial struct LowBitPanel<TFormat>
{
    /// <summary>Group by group, and of each four rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products128(byte* panel, byte* x, int tokens, int* products)
    {
        for (int part = 0; part < 16 * 4; part++)
        {
            ProductsOfQuarter(panel, part / 4, part % 4, x, tokens, products + part % 4 * 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProductsOfQuarter(byte* panel, int group, int quarter, byte* x, int tokens, int* products)
    {
        Vector128<byte> w0 = Weights128(panel, group, 0, quarter), w1 = Weights128(panel, group, 1, quarter),
            w2 = Weights128(panel, group, 2, quarter), w3 = Weights128(panel, group, 3, quarter);
        byte* source = panel + ScaleOffset + 16 * group + 4 * quarter;
        Vector128<int> scales = TFormat.HasThirdBits
            ? ByteProducts.Four((sbyte*)source)
            : ByteProducts.Four(source) & Vector128.Create(15);
        for (int token = 0; token < tokens; token++)
        {
            Vector128<int> sum = ByteProducts.Sum16(w0, w1, w2, w3, (int*)x + 4 * group);
            if (TFormat.HasThirdBits)
            {
                // -4 times the activations' sum, of which -32 times are there.
                sum += Vector128.Create(PairSum(x, group) >> 3);
            }

            sum *= scales;
            (group == 0 ? sum : sum + Vector128.Load(products)).Store(products);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
        }
    }

    /// <summary>Four columns of a group, without signs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Weights128(byte* panel, int group, int four, int quarter)
    {
        int part = group / 8 * 2 + group % 2, run = group % 8 / 2, at = four * 64 + 16 * quarter;
        Vector128<ushort> low = Vector128.Load(panel + PartOffset + part * PartBytes + at).AsUInt16() >> (2 * run);
        Vector128<byte> weights = low.AsByte() & Vector128.Create((byte)3);
        if (TFormat.HasThirdBits)
        {
            Vector128<ushort> bits = Vector128.Load(panel + ThirdOffset + part % 2 * PartBytes + at).AsUInt16();
            weights |= ((bits >> (part / 2 * 4 + run)) << 2).AsByte() & Vector128.Create((byte)4);
        }

        return weights;
    }

    /// <summary>-32 times the sum of a group's activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PairSum(byte* x, int group)
    {
        short* pairs = (short*)(x + Int8Activations.PairSumOffset256) + 2 * group;
        return pairs[0] + pairs[1];
    }

    /// <summary>sums += d products times the activations' scale, less what the minima take off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSums128(byte* panel, byte* x, int tokens, int* products, float* sums, int quarter)
    {
        Vector128<float> d = HalfBits.Load128((ushort*)panel + 4 * quarter), e = default;
        Vector128<int>* minima = stackalloc Vector128<int>[16];
        if (!TFormat.HasThirdBits)
        {
            e = HalfBits.Load128((ushort*)(panel + MinimumOffset) + 4 * quarter) * 0.03125f; // sums are there -32 times
            for (int group = 0; group < 16; group++)
            {
                minima[group] = ByteProducts.Four(panel + ScaleOffset + 16 * group + 4 * quarter) >> 4;
            }
        }

        products += 4 * quarter;
        sums += 4 * quarter;
        for (int token = 0; token < tokens; token++)
        {
            Vector128<float> scale = Vector128.Create(*(float*)(x + Int8Activations.ScaleOffset256));
            if (!TFormat.HasThirdBits)
            {
                Vector128<int> a = Vector128<int>.Zero;
                for (int group = 0; group < 16; group++)
                {
                    a += minima[group] * PairSum(x, group);
                }

                PanelScale.Add(a, e * scale, sums);
            }

            PanelScale.Add(Vector128.Load(products), d * scale, sums);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }
}
