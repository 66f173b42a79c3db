using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>
/// Products of matrices in device memory with the tokens of a step. A warp has one row of weights; see <see cref="Sums"/>.
/// </summary>
internal static class MatrixKernels
{
    /// <summary>y[token, offset + row] = weights[row] . x[token] + bias[row].</summary>
    public static void Multiply<TLanes, TFormat, TBlock, TTile>(
        DeviceWeights weights, Operand operand, ArrayView<float> bias, int hasBias, ArrayView<float> y, int stride, int offset)
        where TLanes : struct, ILanes
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
        where TTile : struct, ITokenTile
    {
        int lane = Group.IdxX % TLanes.Count;
        int row = (Grid.IdxX * (Group.DimX / TLanes.Count)) + (Group.IdxX / TLanes.Count);
        if (row >= weights.Rows)
        {
            return;
        }

        int token = Grid.IdxY * TTile.Tokens;
        var sums = Sums.Of<TLanes, TFormat, TBlock, TTile>(weights, row, operand, token, lane);
        if (lane != 0)
        {
            return;
        }

        float added = hasBias != 0 ? bias[row] : 0;
        long at = ((long)token * stride) + offset + row;
        y[at] = sums.A + added;
        if (TTile.Tokens > 1)
        {
            if (token + 1 < operand.Tokens)
            {
                y[at + stride] = sums.B + added;
            }

            if (token + 2 < operand.Tokens)
            {
                y[at + (2L * stride)] = sums.C + added;
            }

            if (token + 3 < operand.Tokens)
            {
                y[at + (3L * stride)] = sums.D + added;
            }
        }
    }

    /// <summary>y[token, row] = f(gate[row] . x[token]) (up[row] . x[token]): both halves of a gated network in one pass.</summary>
    public static void GateUp<TLanes, TFormat, TBlock, TTile>(
        DeviceWeights gate, DeviceWeights up, Operand operand, ArrayView<float> gateBias, ArrayView<float> upBias, int hasBias,
        ArrayView<float> y, int activation)
        where TLanes : struct, ILanes
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
        where TTile : struct, ITokenTile
    {
        int lane = Group.IdxX % TLanes.Count;
        int row = (Grid.IdxX * (Group.DimX / TLanes.Count)) + (Group.IdxX / TLanes.Count);
        if (row >= gate.Rows)
        {
            return;
        }

        int token = Grid.IdxY * TTile.Tokens;
        var gates = Sums.Of<TLanes, TFormat, TBlock, TTile>(gate, row, operand, token, lane);
        var ups = Sums.Of<TLanes, TFormat, TBlock, TTile>(up, row, operand, token, lane);
        if (lane != 0)
        {
            return;
        }

        float g = hasBias != 0 ? gateBias[row] : 0, u = hasBias != 0 ? upBias[row] : 0;
        long stride = gate.Rows, at = (token * stride) + row;
        y[at] = Activations.Gated(activation, gates.A + g, ups.A + u);
        if (TTile.Tokens > 1)
        {
            if (token + 1 < operand.Tokens)
            {
                y[at + stride] = Activations.Gated(activation, gates.B + g, ups.B + u);
            }

            if (token + 2 < operand.Tokens)
            {
                y[at + (2 * stride)] = Activations.Gated(activation, gates.C + g, ups.C + u);
            }

            if (token + 3 < operand.Tokens)
            {
                y[at + (3 * stride)] = Activations.Gated(activation, gates.D + g, ups.D + u);
            }
        }
    }

    /// <summary>y[pair, row] = f(gate) up of the pair's expert and token; matrices of all experts lie one above the other.</summary>
    /// <param name="gate">Gates, [experts x rows][columns].</param>
    /// <param name="up">The other halves, as large.</param>
    /// <param name="operand">What is multiplied with, a row for each token.</param>
    /// <param name="gateBias">[experts x rows].</param>
    /// <param name="upBias">[experts x rows].</param>
    /// <param name="hasBias">Whether there are biases.</param>
    /// <param name="experts">The expert of each pair.</param>
    /// <param name="choices">Pairs of a token.</param>
    /// <param name="rows">Rows of an expert.</param>
    /// <param name="y">[pairs][rows].</param>
    /// <param name="activation">The activation's number.</param>
    public static void ExpertGateUp<TLanes, TFormat, TBlock>(
        DeviceWeights gate, DeviceWeights up, Operand operand, ArrayView<float> gateBias, ArrayView<float> upBias, int hasBias,
        ArrayView<int> experts, int choices, int rows, ArrayView<float> y, int activation)
        where TLanes : struct, ILanes
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
    {
        int lane = Group.IdxX % TLanes.Count;
        int row = (Grid.IdxX * (Group.DimX / TLanes.Count)) + (Group.IdxX / TLanes.Count);
        if (row >= rows)
        {
            return;
        }

        int pair = Grid.IdxY, at = (experts[pair] * rows) + row;
        var gates = Sums.Of<TLanes, TFormat, TBlock, OneToken>(gate, at, operand, pair / choices, lane);
        var ups = Sums.Of<TLanes, TFormat, TBlock, OneToken>(up, at, operand, pair / choices, lane);
        if (lane == 0)
        {
            float g = hasBias != 0 ? gateBias[at] : 0, u = hasBias != 0 ? upBias[at] : 0;
            y[((long)pair * rows) + row] = Activations.Gated(activation, gates.A + g, ups.A + u);
        }
    }

    /// <summary>y[token, row] += the sum over the token's experts of weight (down[row] . x[pair] + bias).</summary>
    public static void ExpertDown<TLanes, TFormat, TBlock>(
        DeviceWeights down, Operand operand, ArrayView<float> bias, int hasBias, ArrayView<int> experts, ArrayView<float> shares,
        int choices, int rows, ArrayView<float> y, int adds)
        where TLanes : struct, ILanes
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
    {
        int lane = Group.IdxX % TLanes.Count;
        int row = (Grid.IdxX * (Group.DimX / TLanes.Count)) + (Group.IdxX / TLanes.Count);
        if (row >= rows)
        {
            return;
        }

        int token = Grid.IdxY;
        long target = ((long)token * rows) + row;
        float sum = adds != 0 ? y[target] : 0;
        for (int pair = token * choices; pair < (token + 1) * choices; pair++)
        {
            int at = (experts[pair] * rows) + row;
            float value = Sums.Of<TLanes, TFormat, TBlock, OneToken>(down, at, operand, pair, lane).A;
            sum += shares[pair] * (value + (hasBias != 0 ? bias[at] : 0));
        }

        if (lane == 0)
        {
            y[target] = sum;
        }
    }

    /// <summary>y[token] = the row of the token's number, scaled.</summary>
    public static void Embed<TFormat, TBlock>(DeviceWeights table, ArrayView<int> tokens, ArrayView<float> y, float scale)
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
    {
        int blocks = table.Columns / TFormat.Width, token = Grid.IdxX;
        long start = (long)tokens[token] * blocks;
        for (int block = Group.IdxX; block < blocks; block += Group.DimX)
        {
            TFormat.Decode(
                TFormat.Load(table, start + block), y, ((long)token * table.Columns) + ((long)block * TFormat.Width), scale);
        }
    }
}
