using System.Runtime.InteropServices;

namespace Inferometer.Gpu.Kernels;

/// <summary>A row's products with the tokens of a tile.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Sums
{
    public float A;
    public float B;
    public float C;
    public float D;

    /// <summary>A row times the tokens from <paramref name="token"/> on; those past the last one repeat it. In all threads of a
    /// warp.</summary>
    public static Sums Of<TLanes, TFormat, TBlock, TTile>(DeviceWeights weights, int row, Operand operand, int token, int lane)
        where TLanes : struct, ILanes
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
        where TTile : struct, ITokenTile
    {
        int blocks = weights.Columns / TFormat.Width, last = operand.Tokens - 1;
        long start = (long)row * blocks;
        long first = (long)token * blocks;
        long second = (long)ILGPU.IntrinsicMath.Min(token + 1, last) * blocks;
        long third = (long)ILGPU.IntrinsicMath.Min(token + 2, last) * blocks;
        long fourth = (long)ILGPU.IntrinsicMath.Min(token + 3, last) * blocks;
        float a = 0, b = 0, c = 0, d = 0;
        for (int block = lane; block < blocks; block += TLanes.Count)
        {
            TBlock loaded = TFormat.Load(weights, start + block);
            a += TFormat.Dot(loaded, operand, first + block);
            if (TTile.Tokens > 1)
            {
                b += TFormat.Dot(loaded, operand, second + block);
                c += TFormat.Dot(loaded, operand, third + block);
                d += TFormat.Dot(loaded, operand, fourth + block);
            }
        }

        Sums sums = default;
        sums.A = Reductions.WarpSum<TLanes>(a);
        if (TTile.Tokens > 1)
        {
            sums.B = Reductions.WarpSum<TLanes>(b);
            sums.C = Reductions.WarpSum<TLanes>(c);
            sums.D = Reductions.WarpSum<TLanes>(d);
        }

        return sums;
    }
}
