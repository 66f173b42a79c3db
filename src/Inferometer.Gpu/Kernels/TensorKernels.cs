using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>
/// Products of matrices with many tokens, for prompts: a warp has 16 rows of weights and 32 tokens and multiplies them in registers by the
/// units that a card has for it.
/// </summary>
internal static class TensorKernels
{
    /// <summary>Rows of a warp.</summary>
    public const int Rows = 16;

    /// <summary>Tokens of a warp.</summary>
    public const int Tokens = 32;

    /// <summary>Columns that are multiplied together; a matrix has a multiple of it.</summary>
    public const int Depth = 16;

    /// <summary>y[token, offset + row] = weights[row] . x[token] + bias[row], activations rounded to 8 bits.</summary>
    public static void MultiplyQuants<TCores, TFormat>(
        DeviceWeights weights, Operand operand, ArrayView<float> bias, int hasBias, ArrayView<float> y, int stride, int offset)
        where TCores : struct, IMatrixCores
        where TFormat : struct, IQuantFragments
    {
        ArrayView<int> room = SharedMemory.Allocate<int>(EmulatedCores.Room);
        int lane = Group.IdxX % 32, group = lane / 4, part = lane % 4;
        int first = ((Grid.IdxX * (Group.DimX / 32)) + (Group.IdxX / 32)) * Rows, token = Grid.IdxY * Tokens;
        if (first >= weights.Rows)
        {
            return;
        }

        int blocks = weights.Columns / QuantBlock.Width;
        long upper = (long)IntrinsicMath.Min(first + group, weights.Rows - 1) * blocks;
        long lower = (long)IntrinsicMath.Min(first + group + 8, weights.Rows - 1) * blocks;
        Tile s0 = default, s1 = default, s2 = default, s3 = default;
        for (int block = 0; block < blocks; block++)
        {
            QuantFragment top = TFormat.Load(weights, upper + block, part), bottom = TFormat.Load(weights, lower + block, part);
            s0 = Add<TCores, TFormat>(s0, top, bottom, operand, token, blocks, block, group, part, room);
            s1 = Add<TCores, TFormat>(s1, top, bottom, operand, token + 8, blocks, block, group, part, room);
            s2 = Add<TCores, TFormat>(s2, top, bottom, operand, token + 16, blocks, block, group, part, room);
            s3 = Add<TCores, TFormat>(s3, top, bottom, operand, token + 24, blocks, block, group, part, room);
        }

        Store(s0, weights.Rows, operand.Tokens, bias, hasBias, y, stride, offset, first + group, token + (2 * part));
        Store(s1, weights.Rows, operand.Tokens, bias, hasBias, y, stride, offset, first + group, token + 8 + (2 * part));
        Store(s2, weights.Rows, operand.Tokens, bias, hasBias, y, stride, offset, first + group, token + 16 + (2 * part));
        Store(s3, weights.Rows, operand.Tokens, bias, hasBias, y, stride, offset, first + group, token + 24 + (2 * part));
    }

    /// <summary>The same of weights of 16 bits, activations rounded to their format.</summary>
    public static void MultiplyFloats<TCores, TFormat>(
        DeviceWeights weights, Operand operand, ArrayView<float> bias, int hasBias, ArrayView<float> y, int stride, int offset)
        where TCores : struct, IMatrixCores
        where TFormat : struct, IFloatFragments
    {
        ArrayView<int> room = SharedMemory.Allocate<int>(EmulatedCores.Room);
        int lane = Group.IdxX % 32, group = lane / 4, part = lane % 4;
        int first = ((Grid.IdxX * (Group.DimX / 32)) + (Group.IdxX / 32)) * Rows, token = Grid.IdxY * Tokens;
        if (first >= weights.Rows)
        {
            return;
        }

        // Which column a thread's numbers are from does not matter as long as both sides agree: four neighbours each.
        ArrayView<Int2> fours = weights.Quants.Cast<Int2>();
        int steps = weights.Columns / Depth;
        long upper = ((long)IntrinsicMath.Min(first + group, weights.Rows - 1) * steps * 4) + part;
        long lower = ((long)IntrinsicMath.Min(first + group + 8, weights.Rows - 1) * steps * 4) + part;
        Tile s0 = default, s1 = default, s2 = default, s3 = default;
        for (int step = 0; step < steps; step++)
        {
            Int2 top = fours[upper + (4 * step)], bottom = fours[lower + (4 * step)];
            s0 = Add<TCores, TFormat>(s0, top, bottom, operand, token, steps, step, group, part, room);
            s1 = Add<TCores, TFormat>(s1, top, bottom, operand, token + 8, steps, step, group, part, room);
            s2 = Add<TCores, TFormat>(s2, top, bottom, operand, token + 16, steps, step, group, part, room);
            s3 = Add<TCores, TFormat>(s3, top, bottom, operand, token + 24, steps, step, group, part, room);
        }

        Store(s0, weights.Rows, operand.Tokens, bias, hasBias, y, stride, offset, first + group, token + (2 * part));
        Store(s1, weights.Rows, operand.Tokens, bias, hasBias, y, stride, offset, first + group, token + 8 + (2 * part));
        Store(s2, weights.Rows, operand.Tokens, bias, hasBias, y, stride, offset, first + group, token + 16 + (2 * part));
        Store(s3, weights.Rows, operand.Tokens, bias, hasBias, y, stride, offset, first + group, token + 24 + (2 * part));
    }

    private static Tile Add<TCores, TFormat>(
        Tile sums, QuantFragment top, QuantFragment bottom, Operand operand, int token, int blocks, int block, int group, int part,
        ArrayView<int> room)
        where TCores : struct, IMatrixCores
        where TFormat : struct, IQuantFragments
    {
        // Tokens past the last one repeat it and are not stored.
        int last = operand.Tokens - 1;
        ArrayView<int> words = operand.Quants.Cast<int>();
        long column = ((((long)IntrinsicMath.Min(token + group, last) * blocks) + block) * 8) + part;
        int b0 = words[column], b1 = words[column + 4];
        ActivationScale left = operand.Scales[((long)IntrinsicMath.Min(token + (2 * part), last) * blocks) + block];
        ActivationScale right = operand.Scales[((long)IntrinsicMath.Min(token + (2 * part) + 1, last) * blocks) + block];
        int c0 = 0, c1 = 0, c2 = 0, c3 = 0;
        if (TFormat.HasTwoScales)
        {
            int d0 = 0, d1 = 0, d2 = 0, d3 = 0;
            TCores.HalfBytes(ref c0, ref c1, ref c2, ref c3, top.First, bottom.First, b0, room);
            TCores.HalfBytes(ref d0, ref d1, ref d2, ref d3, top.Second, bottom.Second, b1, room);
            sums.C0 += left.Scale * ((c0 * top.FirstScale) + (d0 * top.SecondScale));
            sums.C1 += right.Scale * ((c1 * top.FirstScale) + (d1 * top.SecondScale));
            sums.C2 += left.Scale * ((c2 * bottom.FirstScale) + (d2 * bottom.SecondScale));
            sums.C3 += right.Scale * ((c3 * bottom.FirstScale) + (d3 * bottom.SecondScale));
            return sums;
        }

        TCores.Bytes(ref c0, ref c1, ref c2, ref c3, top.First, bottom.First, top.Second, bottom.Second, b0, b1, room);
        sums.C0 += (left.Scale * c0 * top.FirstScale) - (top.Minimum * left.Sum);
        sums.C1 += (right.Scale * c1 * top.FirstScale) - (top.Minimum * right.Sum);
        sums.C2 += (left.Scale * c2 * bottom.FirstScale) - (bottom.Minimum * left.Sum);
        sums.C3 += (right.Scale * c3 * bottom.FirstScale) - (bottom.Minimum * right.Sum);
        return sums;
    }

    private static Tile Add<TCores, TFormat>(
        Tile sums, Int2 top, Int2 bottom, Operand operand, int token, int steps, int step, int group, int part, ArrayView<int> room)
        where TCores : struct, IMatrixCores
        where TFormat : struct, IFloatFragments
    {
        Float4 x = operand.Values[((((long)IntrinsicMath.Min(token + group, operand.Tokens - 1) * steps) + step) * 4) + part];
        int b0 = TFormat.Pack(x.X, x.Y), b1 = TFormat.Pack(x.Z, x.W);
        float c0 = sums.C0, c1 = sums.C1, c2 = sums.C2, c3 = sums.C3;
        if (TFormat.IsBrain)
        {
            TCores.Brains(ref c0, ref c1, ref c2, ref c3, top.X, bottom.X, top.Y, bottom.Y, b0, b1, room);
        }
        else
        {
            TCores.Halves(ref c0, ref c1, ref c2, ref c3, top.X, bottom.X, top.Y, bottom.Y, b0, b1, room);
        }

        return new Tile { C0 = c0, C1 = c1, C2 = c2, C3 = c3 };
    }

    private static void Store(
        Tile sums, int rows, int tokens, ArrayView<float> bias, int hasBias, ArrayView<float> y, int stride, int offset, int row, int token)
    {
        Store(sums.C0, rows, tokens, bias, hasBias, y, stride, offset, row, token);
        Store(sums.C1, rows, tokens, bias, hasBias, y, stride, offset, row, token + 1);
        Store(sums.C2, rows, tokens, bias, hasBias, y, stride, offset, row + 8, token);
        Store(sums.C3, rows, tokens, bias, hasBias, y, stride, offset, row + 8, token + 1);
    }

    private static void Store(
        float sum, int rows, int tokens, ArrayView<float> bias, int hasBias, ArrayView<float> y, int stride, int offset, int row, int token)
    {
        if (row < rows && token < tokens)
        {
            y[((long)token * stride) + offset + row] = sum + (hasBias != 0 ? bias[row] : 0);
        }
    }
}
