using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Matrices;

internal readonly unsafe partial struct Q6_KPanel
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
        (int lowOffset, int lowShift, int highOffset, int highShift) = Place(group);
        byte* low = panel + lowOffset + 16 * quarter, high = panel + highOffset + 16 * quarter;
        Vector128<byte> w0 = Weights128(low, lowShift, high, highShift), w1 = Weights128(low + 192, lowShift, high + 192, highShift),
            w2 = Weights128(low + 384, lowShift, high + 384, highShift), w3 = Weights128(low + 576, lowShift, high + 576, highShift);
        Vector128<int> scales = ByteProducts.Four((sbyte*)panel + ScaleOffset + 16 * group + 4 * quarter);
        for (int token = 0; token < tokens; token++)
        {
            short* start = (short*)(x + Int8Activations.PairSumOffset256) + 2 * group;
            Vector128<int> sum = ByteProducts.Sum16(w0, w1, w2, w3, (int*)x + 4 * group) + Vector128.Create(start[0] + start[1]);
            sum *= scales;
            (group == 0 ? sum : sum + Vector128.Load(products)).Store(products);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Weights128(byte* low, int lowShift, byte* high, int highShift) =>
        ((Vector128.Load(low).AsUInt16() >> lowShift).AsByte() & Vector128.Create((byte)15))
        | (((Vector128.Load(high).AsUInt16() >> highShift) << 4).AsByte() & Vector128.Create((byte)0x30));

    /// <summary>sums += d products times the activations' scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSums128(byte* panel, byte* x, int tokens, int* products, float* sums)
    {
        Vector128<float> d0 = HalfBits.Load128((ushort*)panel), d1 = HalfBits.Load128((ushort*)panel + 4),
            d2 = HalfBits.Load128((ushort*)panel + 8), d3 = HalfBits.Load128((ushort*)panel + 12);
        x += Int8Activations.ScaleOffset256;
        for (int token = 0; token < tokens; token++)
        {
            Vector128<float> scale = Vector128.Create(*(float*)x);
            PanelScale.Add(Vector128.Load(products), d0 * scale, sums);
            PanelScale.Add(Vector128.Load(products + 4), d1 * scale, sums + 4);
            PanelScale.Add(Vector128.Load(products + 8), d2 * scale, sums + 8);
            PanelScale.Add(Vector128.Load(products + 12), d3 * scale, sums + 12);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }
}
