using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Matrices;

internal readonly unsafe partial struct NVFP4Panel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply128(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            for (int group = 0; group < Groups; group += 2)
            {
                byte* w = panel + QuantOffset + group * GroupBytes;
                byte* scales = panel + group * PanelRows.Count;
                for (int quarter = 0; quarter < 4; quarter++)
                {
                    MultiplyQuarter(
                        w + 16 * quarter, Scale128(scales + 4 * quarter), Scale128(scales + PanelRows.Count + 4 * quarter), x, tokens,
                        sums + 4 * quarter);
                }

                x += (long)tokens * Int8Activations.BlockBytes32InHalves;
            }
        }
    }

    /// <summary>Four rows of two groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyQuarter(byte* weights, Vector128<float> s0, Vector128<float> s1, byte* x, int tokens, float* sums)
    {
        Vector128<byte> table = Table(), nibble = Vector128.Create((byte)15);
        Vector128<byte> v0 = Vector128.Load(weights), v1 = Vector128.Load(weights + 64), v2 = Vector128.Load(weights + 128),
            v3 = Vector128.Load(weights + 192);
        Vector128<byte> w0 = Vector128.ShuffleNative(table, v0 & nibble), w1 = Vector128.ShuffleNative(table, v1 & nibble),
            w2 = Vector128.ShuffleNative(table, (v0.AsUInt16() >> 4).AsByte() & nibble),
            w3 = Vector128.ShuffleNative(table, (v1.AsUInt16() >> 4).AsByte() & nibble);
        Vector128<byte> w4 = Vector128.ShuffleNative(table, v2 & nibble), w5 = Vector128.ShuffleNative(table, v3 & nibble),
            w6 = Vector128.ShuffleNative(table, (v2.AsUInt16() >> 4).AsByte() & nibble),
            w7 = Vector128.ShuffleNative(table, (v3.AsUInt16() >> 4).AsByte() & nibble);
        for (int token = 0; token < tokens; token++)
        {
            int* q = (int*)x;
            short* start = (short*)(q + 8);
            Vector128<int> first = ByteProducts.Sum16(w0, w1, w2, w3, q) + Vector128.Create(start[0] + start[1]);
            Vector128<int> second = ByteProducts.Sum16(w4, w5, w6, w7, q + 4) + Vector128.Create(start[2] + start[3]);
            Vector128<float> both = PanelScale.Sum(second, s1, Vector128.ConvertToSingle(first) * s0);
            Vector128.MultiplyAddEstimate(both, Vector128.Create(((float*)q)[10]), Vector128.Load(sums)).Store(sums);
            x += Int8Activations.BlockBytes32InHalves;
            sums += PanelRows.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Scale128(byte* scales)
    {
        Vector128<int> bits = ByteProducts.Four(scales);
        Vector128<float> number = (((bits & Vector128.Create(0x7F)) << 20) + Vector128.Create(Rebias)).AsSingle();
        Vector128<float> small = number + number - Vector128.Create(TwiceSmallest);
        Vector128<int> isSmall = Vector128.Equals(bits & Vector128.Create(0x78), Vector128<int>.Zero);
        Vector128<int> isNone = Vector128.Equals(bits, Vector128.Create(0x7F));
        return Vector128.AndNot(Vector128.ConditionalSelect(isSmall.AsSingle(), small, number), isNone.AsSingle());
    }
}
