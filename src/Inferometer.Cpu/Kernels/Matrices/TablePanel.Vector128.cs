using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Matrices;

internal readonly unsafe partial struct TablePanel<TFormat>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply128(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            byte* group = panel + TFormat.HeadBytes;
            for (int i = 0; i < TFormat.Groups; i++, group += GroupBytes)
            {
                for (int quarter = 0; quarter < 4; quarter++)
                {
                    MultiplyQuarter(
                        group + TFormat.ScaleBytes + 16 * quarter, TFormat.Scale128(panel, group, quarter), x, tokens, sums + 4 * quarter);
                }

                x += (long)tokens * Int8Activations.BlockBytes32;
            }
        }
    }

    /// <summary>Four rows of a group. Large levels keep their signs here, since products of signed bytes are to be had.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyQuarter(byte* weights, Vector128<float> scale, byte* x, int tokens, float* sums)
    {
        Vector128<byte> table = TFormat.HasSmallLevels ? Table() : Vector128.Create(TFormat.Levels).AsByte();
        Vector128<byte> nibble = Vector128.Create((byte)15);
        Vector128<byte> v0 = Vector128.Load(weights), v1 = Vector128.Load(weights + 64), v2 = Vector128.Load(weights + 128),
            v3 = Vector128.Load(weights + 192);
        Vector128<byte> w0 = Vector128.ShuffleNative(table, v0 & nibble), w1 = Vector128.ShuffleNative(table, v1 & nibble),
            w2 = Vector128.ShuffleNative(table, v2 & nibble), w3 = Vector128.ShuffleNative(table, v3 & nibble);
        Vector128<byte> w4 = Vector128.ShuffleNative(table, (v0.AsUInt16() >> 4).AsByte() & nibble),
            w5 = Vector128.ShuffleNative(table, (v1.AsUInt16() >> 4).AsByte() & nibble),
            w6 = Vector128.ShuffleNative(table, (v2.AsUInt16() >> 4).AsByte() & nibble),
            w7 = Vector128.ShuffleNative(table, (v3.AsUInt16() >> 4).AsByte() & nibble);
        for (int token = 0; token < tokens; token++)
        {
            int* q = (int*)x;
            Vector128<int> products = ByteProducts.Sum32(
                TFormat.HasSmallLevels ? ByteRange.FiveBits : ByteRange.Signed, w0, w1, w2, w3, w4, w5, w6, w7, q);
            if (TFormat.HasSmallLevels)
            {
                products += Vector128.Create(Start(q));
            }

            PanelScale.Add(products, scale * Vector128.Create(((float*)q)[9]), sums);
            x += Int8Activations.BlockBytes32;
            sums += PanelRows.Count;
        }
    }
}
