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
        int row = (Grid.IdxX * (Group.DimX / TLanes.Count)) + (Group.IdxX / TLanes.Count);
        if (row < weights.Rows)
        {
            MultiplyRow<TLanes, TFormat, TBlock, TTile>(weights, operand, bias, hasBias, y, stride, offset, row);
        }
    }

    /// <summary>
    /// The same, and the last group of a token's rows lets them join the residual stream and norms that; see
    /// <see cref="RowKernels.JoinAndNorm"/>.
    /// </summary>
    /// <param name="weights">A matrix as high as the residual stream is wide.</param>
    /// <param name="operand">What it is multiplied with.</param>
    /// <param name="bias">[rows].</param>
    /// <param name="hasBias">Whether there is one.</param>
    /// <param name="norm">What is read and written; products are its change.</param>
    /// <param name="arrivals">Counters, one for each tile of tokens.</param>
    public static void MultiplyThenNorm<TLanes, TFormat, TBlock, TTile>(
        DeviceWeights weights, Operand operand, ArrayView<float> bias, int hasBias, NormArguments norm, ArrayView<int> arrivals)
        where TLanes : struct, ILanes
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
        where TTile : struct, ITokenTile
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(Reductions.MaxWarps);
        ArrayView<int> last = SharedMemory.Allocate<int>(1);
        int row = (Grid.IdxX * (Group.DimX / TLanes.Count)) + (Group.IdxX / TLanes.Count);
        if (row < weights.Rows)
        {
            MultiplyRow<TLanes, TFormat, TBlock, TTile>(weights, operand, bias, hasBias, norm.Change, weights.Rows, 0, row);
        }

        if (!Arrivals.IsLastGroup(arrivals, Grid.IdxY, Grid.DimX, last))
        {
            return;
        }

        int first = Grid.IdxY * TTile.Tokens, end = IntrinsicMath.Min(first + TTile.Tokens, operand.Tokens);
        for (int token = first; token < end; token++)
        {
            RowKernels.JoinAndNormRow<TLanes>(norm, token, token, sums);
        }
    }

    /// <summary>
    /// The same into inputs of attention, and the last group of a head's rows norms, rotates and stores it; see
    /// <see cref="AttentionKernels.Store"/>.
    /// </summary>
    /// <param name="weights">A matrix of whole heads, each a multiple of a group's warps high.</param>
    /// <param name="operand">What it is multiplied with.</param>
    /// <param name="bias">[rows].</param>
    /// <param name="hasBias">Whether there is one.</param>
    /// <param name="firstHead">Number of its first head.</param>
    /// <param name="attention">The layer; products are its inputs.</param>
    /// <param name="rotary">How heads are normed and rotated.</param>
    /// <param name="arrivals">Counters, one for each head of each tile of tokens.</param>
    public static void MultiplyThenStore<TLanes, TFormat, TBlock, TTile, TPages>(
        DeviceWeights weights, Operand operand, ArrayView<float> bias, int hasBias, int firstHead, AttentionArguments attention,
        RotaryArguments rotary, ArrayView<int> arrivals)
        where TLanes : struct, ILanes
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
        where TTile : struct, ITokenTile
        where TPages : struct, IKvPages
    {
        ArrayView<int> last = SharedMemory.Allocate<int>(1);
        int warps = Group.DimX / TLanes.Count, warp = Group.IdxX / TLanes.Count, lane = Group.IdxX % TLanes.Count;
        int row = (Grid.IdxX * warps) + warp, heads = attention.Heads + (2 * attention.KvHeads), width = attention.Width;
        int head = firstHead + (Grid.IdxX * warps / width);
        if (row < weights.Rows)
        {
            MultiplyRow<TLanes, TFormat, TBlock, TTile>(
                weights, operand, bias, hasBias, attention.Inputs, heads * width, firstHead * width, row);
        }

        if (!Arrivals.IsLastGroup(arrivals, (Grid.IdxY * heads) + head, width / warps, last))
        {
            return;
        }

        int first = Grid.IdxY * TTile.Tokens, end = IntrinsicMath.Min(first + TTile.Tokens, operand.Tokens);
        for (int token = first + warp; token < end; token += warps)
        {
            AttentionKernels.StoreHead<TLanes, TPages>(attention, rotary, (token * heads) + head, lane);
        }
    }

    private static void MultiplyRow<TLanes, TFormat, TBlock, TTile>(
        DeviceWeights weights, Operand operand, ArrayView<float> bias, int hasBias, ArrayView<float> y, int stride, int offset, int row)
        where TLanes : struct, ILanes
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
        where TTile : struct, ITokenTile
    {
        int lane = Group.IdxX % TLanes.Count, token = Grid.IdxY * TTile.Tokens;
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
        int row = (Grid.IdxX * (Group.DimX / TLanes.Count)) + (Group.IdxX / TLanes.Count);
        if (row < gate.Rows)
        {
            GateUpRow<TLanes, TFormat, TBlock, TTile>(gate, up, operand, gateBias, upBias, hasBias, y, activation, row);
        }
    }

    /// <summary>
    /// The same, and the last group of a block of 32 rows rounds it, for weights that take rounded activations; as many rows as blocks of
    /// them, and a block a multiple of a group's warps.
    /// </summary>
    /// <param name="gate">Gates.</param>
    /// <param name="up">The other half, as large.</param>
    /// <param name="operand">What they are multiplied with.</param>
    /// <param name="gateBias">[rows].</param>
    /// <param name="upBias">[rows].</param>
    /// <param name="hasBias">Whether there are biases.</param>
    /// <param name="y">[tokens][rows].</param>
    /// <param name="activation">The activation's number.</param>
    /// <param name="quants">The same rounded, four in a word; not what the operand is of.</param>
    /// <param name="scales">Their scales, likewise.</param>
    /// <param name="arrivals">Counters, one for each block of each tile of tokens.</param>
    public static void GateUpThenRound<TLanes, TFormat, TBlock, TTile>(
        DeviceWeights gate, DeviceWeights up, Operand operand, ArrayView<float> gateBias, ArrayView<float> upBias, int hasBias,
        ArrayView<float> y, int activation, ArrayView<int> quants, ArrayView<ActivationScale> scales, ArrayView<int> arrivals)
        where TLanes : struct, ILanes
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
        where TTile : struct, ITokenTile
    {
        ArrayView<int> last = SharedMemory.Allocate<int>(1);
        int warps = Group.DimX / TLanes.Count, warp = Group.IdxX / TLanes.Count;
        int row = (Grid.IdxX * warps) + warp, blocks = gate.Rows / QuantBlock.Width, block = Grid.IdxX * warps / QuantBlock.Width;
        if (row < gate.Rows)
        {
            GateUpRow<TLanes, TFormat, TBlock, TTile>(gate, up, operand, gateBias, upBias, hasBias, y, activation, row);
        }

        if (!Arrivals.IsLastGroup(arrivals, (Grid.IdxY * blocks) + block, QuantBlock.Width / warps, last))
        {
            return;
        }

        int first = Grid.IdxY * TTile.Tokens, end = IntrinsicMath.Min(first + TTile.Tokens, operand.Tokens);
        for (int token = first + warp; token < end; token += warps)
        {
            RowKernels.Round<TLanes>(y, quants, scales, ((long)token * blocks) + block, Group.IdxX % TLanes.Count);
        }
    }

    private static void GateUpRow<TLanes, TFormat, TBlock, TTile>(
        DeviceWeights gate, DeviceWeights up, Operand operand, ArrayView<float> gateBias, ArrayView<float> upBias, int hasBias,
        ArrayView<float> y, int activation, int row)
        where TLanes : struct, ILanes
        where TFormat : struct, IWeightFormat<TBlock>
        where TBlock : struct
        where TTile : struct, ITokenTile
    {
        int lane = Group.IdxX % TLanes.Count, token = Grid.IdxY * TTile.Tokens;
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
